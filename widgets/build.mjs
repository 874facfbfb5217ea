// Builds every widget: <name>/index.ts and <name>/style.css become <name>.js and <name>.css.
//
//   node build.mjs [folder]      the folder defaults to the place in the Python package
//
// The build hook passes VICTOR_SOURCES, a hash of the sources, which the bundle carries in its first line: a later
// build can tell from it whether the bundle is still right, whatever the dates of the files.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "../victor_nb/views/static"));
const sources = process.env.VICTOR_SOURCES ?? "unknown";
const widgets = readdirSync(here).filter((name) => existsSync(join(here, name, "index.ts")));

for (const name of widgets) {
  const mark = { js: `/* victor-nb ${name}, sources ${sources} */` };
  const common = { bundle: true, minify: true, logLevel: "warning", absWorkingDir: here, charset: "utf8" };
  await build({
    ...common,
    entryPoints: [`${name}/index.ts`],
    outfile: join(target, `${name}.js`),
    format: "esm",
    target: "es2022",
    legalComments: "none",
    banner: mark,
  });
  await build({ ...common, entryPoints: [`${name}/style.css`], outfile: join(target, `${name}.css`) });
}
