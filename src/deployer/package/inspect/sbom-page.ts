import type { Sbom, SbomItem } from "./read-sboms.ts";
import type { SbomPackage } from "./sbom-formats.ts";

const escaped: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const html = (text: string): string => text.replace(/[&<>"']/g, (letter) => escaped[letter] ?? letter);

const unnamed = "no licence found";
const licensesOf = ({ licenses }: SbomItem): readonly string[] =>
  licenses.length === 0 ? [unnamed] : [...new Set(licenses.map(({ value, expression }) => expression ?? value))];

/** The page without a list of its own: `<head>` with all its style, nothing that a browser would fetch or run. */
const style = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2rem;overflow-wrap:anywhere}
p.sub,td.type{color:#555}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top;overflow-wrap:anywhere}
td.n{text-align:right;font-variant-numeric:tabular-nums}summary{cursor:pointer;padding:.4rem 0}
@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#181818}p.sub,td.type{color:#aaa}th,td{border-color:#444}a{color:#8ab4f8}}`;

function page(title: string, body: string): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const table = (head: readonly string[], rows: readonly string[]): string =>
  `<table><thead><tr>${head.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead><tbody>\n${rows.join("\n")}\n</tbody></table>`;

/** The software and licences of a whole package on one page that needs nothing else: no network, no script. */
export function sbomPage(
  pkg: SbomPackage,
  sboms: readonly Sbom[],
  options: {
    /** Images that the package brings; said where there is no bill of materials for them. */
    readonly images: readonly string[];
  },
): string {
  const title = `Software in ${pkg.name} ${pkg.version}`.trim();
  const head = `<h1>${html(title)}</h1>\n<p class="sub">${html(pkg.digest)}</p>`;
  if (sboms.length === 0) return page(title, `${head}\n${nothingSaid(options.images)}`);
  const items = sboms.reduce((sum, sbom) => sum + sbom.items.length, 0);
  const overview = `<p>${count(items, "piece")} of software in ${count(sboms.length, "image or component", "images and components")}.</p>`;
  return page(title, [head, overview, licenceTable(sboms), ...sboms.map(section)].join("\n"));
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;

function nothingSaid(images: readonly string[]): string {
  const said =
    "<p><strong>This package carries no bill of materials</strong>, so nothing is known here of what is in it.</p>";
  if (images.length === 0) return `${said}\n<p>It brings no images.</p>`;
  return `${said}\n<h2>Images that it brings</h2>\n<ul>${images.map((image) => `<li>${html(image)}</li>`).join("\n")}</ul>`;
}

function licenceTable(sboms: readonly Sbom[]): string {
  const counts = new Map<string, number>();
  for (const item of sboms.flatMap((sbom) => sbom.items))
    for (const licence of licensesOf(item)) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  if (counts.size === 0) return "";
  const sorted = [...counts].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1));
  const rows = sorted.map(([name, uses]) => `<tr><td>${html(name)}</td><td class="n">${uses}</td></tr>`);
  return `<h2>Licences</h2>\n${table(["Licence", "Uses"], rows)}`;
}

function section({ subject, distribution, items, kind }: Sbom): string {
  const what = kind === "image" ? "image" : "files of a component";
  const about = [what, distribution, count(items.length, "piece")].filter((part) => part !== undefined).join(" · ");
  const head = `<h2>${html(subject)}</h2>\n<p class="sub">${html(about)}</p>`;
  if (items.length === 0) return `${head}\n<p>Nothing was recognised in it.</p>`;
  const rows = items.map(
    (item) =>
      `<tr><td>${html(item.name)}</td><td>${html(item.version)}</td><td class="type">${html(item.type)}</td><td>${html(licensesOf(item).join(", "))}</td></tr>`,
  );
  return `${head}\n<details open><summary>Software</summary>\n${table(["Name", "Version", "Kind", "Licence"], rows)}\n</details>`;
}
