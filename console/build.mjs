// Builds the pages from their sources and node_modules, without a network: node console/build.mjs <folder>
// The same sources give the same bytes. Prints the modules that are in them.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const CONSOLE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(CONSOLE);
const MODULES = join(ROOT, "node_modules");
const [target] = process.argv.slice(2);

const asset = (name, text) => {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 10);
  const [stem, ending] = name.split(/\.(?=[a-z]+$)/);
  const path = `assets/${stem}-${hash}.${ending}`;
  writeFileSync(join(target, path), text);
  return path;
};

const shipped = new Set();

const bundled = async (source) => {
  const made = await build({
    entryPoints: [join(CONSOLE, "src", source)],
    bundle: true,
    define: { "process.env.NODE_ENV": '"production"' },
    format: "esm",
    jsx: "automatic",
    legalComments: "inline",
    metafile: true,
    minify: true,
    nodePaths: [MODULES],
    outdir: target,
    target: "es2022",
    write: false,
  });
  for (const path of Object.keys(made.metafile.inputs)) {
    const module = path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/);
    if (module) shipped.add(module[1]);
  }
  return Object.fromEntries(made.outputFiles.map(({ path, text }) => [extname(path).slice(1), text]));
};

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const examples = () => {
  const folder = join(ROOT, "docs", "examples");
  const names = JSON.parse(readFileSync(join(folder, "names.json"), "utf8"));
  return Object.entries(names)
    .map(([file, name]) => `<details><summary>${escaped(name)}</summary><pre><code>${escaped(readFileSync(join(folder, file), "utf8"))}</code></pre></details>`)
    .join("\n");
};

const page = (name, values) => {
  const text = readFileSync(join(CONSOLE, name), "utf8");
  const filled = text.replace(/@(\w+)@/g, (_all, key) => values[key]);
  writeFileSync(join(target, name), filled);
};

mkdirSync(join(target, "assets"), { recursive: true });
cpSync(join(ROOT, "docs", "openapi.json"), join(target, "openapi.json"));

// The deployed definition as a graph: what a page draws of it, without its expressions.
const graph = (name) => {
  const { StartAt: start, States: states } = JSON.parse(readFileSync(join(ROOT, "statemachine", `${name}.asl.json`), "utf8"));
  const nodes = Object.entries(states).map(([id, state]) => ({
    id,
    type: state.Type,
    comment: state.Comment ?? "",
    next: [...new Set([...(state.Choices ?? []).map(({ Next }) => Next), ...[state.Default, state.Next].filter(Boolean)])],
    caught: [...new Set((state.Catch ?? []).map(({ Next }) => Next))],
  }));
  writeFileSync(join(target, `${name}.json`), JSON.stringify({ start, nodes }));
};
graph("operation");

const swagger = join(MODULES, "swagger-ui-dist");
page("api.html", {
  swagger_style: asset("swagger-ui.css", readFileSync(join(swagger, "swagger-ui.css"), "utf8").replace(/\n\/\*# sourceMappingURL=.*/, "")),
  script: asset("api.js", (await bundled("api.ts")).js),
  style: asset("api.css", readFileSync(join(CONSOLE, "src", "api.css"), "utf8")),
  examples: examples(),
});

const start = await bundled("index.tsx");
page("index.html", { script: asset("index.js", start.js), style: asset("index.css", start.css) });

console.log(JSON.stringify([...shipped].sort()));
