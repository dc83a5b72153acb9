import { build, type OutputFile, type Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { library } from "../../tsup.base";

const root = fileURLToPath(new URL("../..", import.meta.url));
const packages = ["tensor", "autograd", "odeint", "models", "kernels-wgsl"];
const page = (name: string): string => `${root}test/webgpu-page/${name}.ts`;

/** Text of files by their paths. */
export type Site = ReadonlyMap<string, string>;

interface Built {
  readonly files: Site;
  /** Where each entry point is: `@dzdt/tensor/lower` is `/tensor/dist/lower/index.js`. */
  readonly entries: Readonly<Record<string, string>>;
}

type Exports = Record<string, string | { "@dzdt/source": string; import: { default: string } }>;

/** The entry points of a package that have to do with browsers, built as for npm. */
async function builtPackage(name: string): Promise<Built> {
  const folder = `${root}packages/${name}`;
  const { exports } = JSON.parse(await readFile(`${folder}/package.json`, "utf8")) as { exports: Exports };
  const wanted = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === "string" || !/^\.(\/lower)?$/.test(path) ? [] : [{ path, target }],
  );
  const { outputFiles } = await build({
    entryPoints: wanted.map(({ target }) => `${folder}/${target["@dzdt/source"]}`),
    outbase: `${folder}/src`,
    outdir: `${folder}/dist`,
    bundle: true,
    write: false,
    format: "esm",
    splitting: true,
    platform: "neutral",
    target: library.target as string,
    packages: "external",
  });
  return {
    files: filesOf(outputFiles),
    entries: Object.fromEntries(
      wanted.map(({ path, target }) => [`@dzdt/${name}${path.slice(1)}`, `/${name}/${target.import.default.slice(2)}`]),
    ),
  };
}

const filesOf = (outputs: readonly OutputFile[]): Site =>
  new Map(outputs.map(({ path, text }) => [path.slice(`${root}packages`.length), text]));

/** All packages as they are published. */
async function builtPackages(): Promise<Built> {
  const built = await Promise.all(packages.map(builtPackage));
  return {
    files: new Map(built.flatMap(({ files }) => [...files])),
    entries: Object.assign({}, ...built.map(({ entries }) => entries)) as Built["entries"],
  };
}

const html = (head: string): string =>
  `<!doctype html><meta charset="utf-8"><title>dzdt</title>${head}<script type="module" src="/page.js"></script>`;

/** Of code made at run time WebAssembly alone is allowed: no eval, no inline scripts. */
const policy = `<meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'">`;

/**
 * A page with a strict policy, whose script a bundler has put together from the built packages.
 *
 * @param name that of a file beside this one
 */
export async function bundledSite(name = "page"): Promise<Site> {
  const { files, entries } = await builtPackages();
  const published: Plugin = {
    name: "published",
    setup(bundling) {
      bundling.onResolve({ filter: /^@dzdt\// }, ({ path }) => ({ path: entries[path]!, namespace: "published" }));
      bundling.onResolve({ filter: /^\./, namespace: "published" }, ({ path, importer }) => ({
        path: new URL(path, `file://${importer}`).pathname,
        namespace: "published",
      }));
      bundling.onLoad({ filter: /./, namespace: "published" }, ({ path }) => ({
        contents: files.get(path)!,
        resolveDir: root,
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [page(name)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    plugins: [published],
  });
  return new Map([
    ["/", html(policy)],
    ["/page.js", outputFiles[0]!.text],
  ]);
}

/** A page without a bundler: an import map leads to the files of the packages. */
export async function importMapSite(): Promise<Site> {
  const { files, entries } = await builtPackages();
  const { outputFiles } = await build({ entryPoints: [page("page")], write: false, format: "esm" });
  const fflate = await readFile(`${root}node_modules/fflate/esm/browser.js`, "utf8");
  const imports = { ...entries, fflate: "/fflate/browser.js" };
  return new Map([
    ...files,
    ["/fflate/browser.js", fflate],
    ["/", html(`<script type="importmap">${JSON.stringify({ imports })}</script>`)],
    ["/page.js", outputFiles[0]!.text],
  ]);
}

/** Serves a site until `use` is done with its address. */
export async function serving<T>(site: Site, use: (address: string) => Promise<T>): Promise<T> {
  const server = createServer(({ url = "/" }, response) => {
    const text = site.get(url);
    const type = basename(url).endsWith(".js") ? "text/javascript" : "text/html";
    response.writeHead(text === undefined ? 404 : 200, { "content-type": type }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
  }
}
