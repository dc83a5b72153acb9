import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import budgets from "../size-budget.json" with { type: "json" };

/** Bytes of a bundle as a page would load it. */
export interface Size {
  readonly name: string;
  readonly minified: number;
  readonly gzipped: number;
  /** The most that the gzipped bytes may be. */
  readonly budget?: number;
  /** What they should be one day. */
  readonly goal?: number;
}

const all = (...packages: string[]): string => packages.map((name) => `export * from "${name}";`).join("\n");

/** What is bundled, with everything it imports. */
const bundles: Readonly<Record<keyof typeof budgets, string>> = {
  essentials: `
    export { compile, tensor, wasm } from "@dzdt/tensor";
    export { grad } from "@dzdt/autograd";
    export { odeint, tsit5 } from "@dzdt/odeint";`,
  tensor: all("@dzdt/tensor"),
  autograd: all("@dzdt/autograd"),
  odeint: all("@dzdt/odeint"),
  "tensor, autograd and odeint": all("@dzdt/tensor", "@dzdt/autograd", "@dzdt/odeint"),
  models: all("@dzdt/models"),
  "kernels-wgsl, without tensor": all("@dzdt/kernels-wgsl"),
};

/** What a page loads at once: not what it imports when an option asks for it. */
async function sizeOf(contents: string, external: readonly string[]): Promise<{ minified: number; gzipped: number }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    splitting: true,
    outdir: "bundle",
    metafile: true,
    logLevel: "error",
    format: "esm",
    target: "es2022",
    platform: "browser",
    external: [...external],
  });
  const loaded = new Set(
    Object.keys(metafile.outputs).filter((path) => metafile.outputs[path]!.entryPoint === "<stdin>"),
  );
  for (const path of loaded)
    for (const { kind, path: imported, external: outside } of metafile.outputs[path]!.imports)
      if (kind === "import-statement" && !outside) loaded.add(imported);
  const files = outputFiles.filter(({ path }) => [...loaded].some((name) => path.endsWith(name)));
  return {
    minified: files.reduce((sum, file) => sum + file.contents.length, 0),
    gzipped: files.reduce((sum, file) => sum + gzipSync(file.contents, { level: 9 }).length, 0),
  };
}

/** The built packages, bundled by esbuild, minified and compressed. */
export const ownSizes = (): Promise<Size[]> =>
  Promise.all(
    Object.entries(bundles).map(async ([name, contents]) => {
      const external = ["webgpu", ...(name.startsWith("kernels-wgsl") ? ["@dzdt/tensor"] : [])];
      return { name, ...(await sizeOf(contents, external)), ...budgets[name as keyof typeof budgets] };
    }),
  );

/** Peers, in the same way; the WebAssembly that tfjs loads beside its bundle is not counted. */
export const peerSizes = (): Promise<Size[]> =>
  Promise.all(
    [["@jax-js/jax"], ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"]].map(async (packages) => ({
      name: packages.join(" and "),
      ...(await sizeOf(all(...packages), [])),
    })),
  );
