import { describe, expect, it } from "vitest";
import { mirrorAddress } from "../../../src/journeys/mirror-address.ts";
import { parseSite } from "../../../src/site/index.ts";
import { siteOf } from "./up-context.ts";

const siteAt = (addresses: readonly string[], more = "") => {
  const names = addresses.map((_address, index) => (index === 0 ? "cp-1" : `w-${index}`));
  const text = addresses.reduce(
    (site, address, index) => site.replace(`10.5.0.${index + 10},`, `"${address}",`),
    siteOf(names.join(" ")),
  );
  return parseSite(`${text}${more}`, "/site/site.yaml");
};

describe("mirrorAddress()", () => {
  it("takes what the site says, without looking", async () => {
    expect(await mirrorAddress(siteAt(["203.0.113.7"], "mirror: {address: 10.9.9.9}\n"))).toBe("10.9.9.9");
  });

  it("takes the source address of the route to all nodes", async () => {
    expect(await mirrorAddress(siteAt(["127.3.0.10", "127.3.0.11"]))).toBe("127.0.0.1");
  });

  it("refuses where nodes see this laptop under different addresses, and lists who sees which", async () => {
    await expect(mirrorAddress(siteAt(["127.3.0.10", "::1"]))).rejects.toMatchObject({
      code: "MIRROR_ADDRESS_UNCLEAR",
      problems: [{ message: "from 127.0.0.1: cp-1" }, { message: "from ::1: w-1" }],
    });
  });

  it("refuses where there is no route", async () => {
    await expect(mirrorAddress(siteAt(["fe80::1"]))).rejects.toMatchObject({
      code: "MIRROR_ADDRESS_UNCLEAR",
      problems: [{ message: "no route: cp-1" }],
    });
  });
});
