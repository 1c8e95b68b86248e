/** Faults on demand, chosen when a rack is started or later through its control socket. */
export type Fault =
  | { readonly kind: "drop-connections"; readonly node: string; readonly count: number }
  | { readonly kind: "slow-disk"; readonly node: string; readonly factor: number }
  | { readonly kind: "wrong-serial"; readonly node: string }
  | { readonly kind: "refuse-install"; readonly node: string }
  | { readonly kind: "dead"; readonly node: string }
  | {
      readonly kind: "lose-power";
      readonly node: string;
      readonly at: "applying" | "installing" | "rebooting" | "booting" | "running";
    };
