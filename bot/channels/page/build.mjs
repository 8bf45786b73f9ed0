// `npm run build`: the files that the patient's browser gets, in static/. Nothing in them loads from another host.

import { build } from "esbuild";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { compile } from "sass";

const NHSUK_IMAGES = "node_modules/nhsuk-frontend/dist/nhsuk/assets/images";
const ICONS = ["favicon.ico", "favicon.svg", "nhsuk-icon-180.png"];

await rm("static", { recursive: true, force: true });
await mkdir("static");

const { css } = compile("page.scss", { loadPaths: ["node_modules"], style: "compressed", quietDeps: true });
if (/@font-face|url\(\s*["']?(https?:)?\/\//.test(css)) throw new Error("page.css loads something from another host: look at $nhsuk-font-family");
await writeFile("static/page.css", css);

await build({ entryPoints: ["page.js"], outfile: "static/page.js", bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "eof" });

for (const icon of ICONS) await cp(`${NHSUK_IMAGES}/${icon}`, `static/${icon}`);
