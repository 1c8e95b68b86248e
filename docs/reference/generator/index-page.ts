import { page, table } from "./markdown.ts";

/** README.md of the folder. */
export function indexPage(): string {
  return page("Reference", "docs/reference/generator", [
    table(
      ["page", "what it lists"],
      [
        ["[Commands](commands.md)", "every command with its arguments, flags, examples and exit codes"],
        ["[site.yaml](site.md)", "every field of a site, and its [JSON Schema](site.schema.json)"],
        ["[bundle.yaml](bundle.md)", "every field of a bundle definition, and its [JSON Schema](bundle.schema.json)"],
        ["[Built-in machine configs](machine-configs.md)", "patches that a site takes by name"],
        ["[Files](files.md)", "what is written where, and the layout of a bundle"],
        ["[Events](events.md)", "what `--events` prints"],
        ["[Errors and exit codes](errors.md)", "every error code, and what scripts can rely on"],
        ["[Zarf compatibility](zarf-compatibility.md)", "what differs from real Zarf, with the reasons"],
      ],
    ),
  ]);
}
