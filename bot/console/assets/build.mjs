// `npm run build`: the files that a coordinator's browser gets, in ../static/. Nothing in them loads from another host.

import { build } from "esbuild";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { compile } from "sass";

const NHSUK_IMAGES = "node_modules/nhsuk-frontend/dist/nhsuk/assets/images";
const ICONS = ["favicon.ico", "favicon.svg", "nhsuk-icon-180.png"];
const TARGET = "../static";

await rm(TARGET, { recursive: true, force: true });
await mkdir(TARGET);

const { css } = compile("console.scss", { loadPaths: ["node_modules"], style: "compressed", quietDeps: true });
if (/@font-face|url\(\s*["']?(https?:)?\/\//.test(css)) throw new Error("console.css loads something from another host: look at $nhsuk-font-family");
await writeFile(`${TARGET}/console.css`, css);

const shared = { bundle: true, minify: true, target: "es2022", legalComments: "eof" };
await build({ ...shared, entryPoints: ["console.js"], outfile: `${TARGET}/console.js`, format: "esm" });
await build({ ...shared, entryPoints: ["live-worker.js"], outfile: `${TARGET}/live-worker.js`, format: "iife" });

for (const icon of ICONS) await cp(`${NHSUK_IMAGES}/${icon}`, `${TARGET}/${icon}`);
