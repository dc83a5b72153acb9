import { transform } from "esbuild";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const packages: Readonly<Record<string, () => Promise<object>>> = {
  "@dzdt/tensor": () => import("@dzdt/tensor"),
  "@dzdt/autograd": () => import("@dzdt/autograd"),
  "@dzdt/odeint": () => import("@dzdt/odeint"),
  "@dzdt/odeint/testing": () => import("@dzdt/odeint/testing"),
  "@dzdt/models": () => import("@dzdt/models"),
};

const examplesOf = (page: string): string[] =>
  [...readFileSync(`docs/${page}`, "utf8").matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!);

const pages = readdirSync("docs").filter((name) => name.endsWith(".md") && examplesOf(name).length > 0);
/** Pages whose examples need a device: tests of the target run the like. */
const elsewhere = ["webgpu.md"];

const AsyncFunction = (async () => Promise.resolve()).constructor as new (
  ...text: string[]
) => (load: (name: string) => Promise<object>) => Promise<void>;

/** An example without types, its imports as calls of `load`. */
async function plain(example: string): Promise<string> {
  const { code } = await transform(example, { loader: "ts", target: "es2022" });
  return code.replace(
    /^import (\{[^}]*\}) from ("[^"]*");/gm,
    (_all, names: string, from) => `const ${names.replaceAll(" as ", ": ")} = await load(${from});`,
  );
}

test.each(pages.filter((page) => !elsewhere.includes(page)))("the examples of %s run", async (page) => {
  const examples = await Promise.all(examplesOf(page).map(plain));
  // Each sees what those before it have made, and may use their names anew.
  const script = examples.reduceRight((later, example) => `{ ${example} ${later} }`, "");
  await expect(new AsyncFunction("load", script)((name) => packages[name]!())).resolves.toBeUndefined();
});
