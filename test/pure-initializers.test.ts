import { buildSync, transformSync } from "esbuild";
import { expect, test } from "vitest";
import { markPureInitializers } from "../tools/pure-initializers";

const code = `
const make = (rules) => Object.freeze(rules);
const table = { name: "table" };
const real = { low: -3 };
var plain = make({ name: "plain", domain: real, emit: (k, x) => k.neg(x) });
var nested = make({ ...table, size: 2 ** 3, rest: [make({}), real.low] });
var known = new WeakMap();
export { known, nested, plain };
`;
const marked = markPureInitializers(code);

/** What is left of the module for a page that imports these names. */
const bundled = (names: string): string =>
  buildSync({
    stdin: { contents: `export { ${names} } from "module";` },
    bundle: true,
    write: false,
    format: "esm",
    alias: { module: `data:text/javascript,${encodeURIComponent(marked)}` },
  }).outputFiles[0]!.text;

test("marked modules are what they were, line by line", async () => {
  const load = (text: string): Promise<Record<string, Record<string, unknown>>> =>
    import(`data:text/javascript,${encodeURIComponent(text)}`) as Promise<Record<string, Record<string, unknown>>>;
  const [before, after] = await Promise.all([load(code), load(marked)]);
  expect(JSON.stringify(after)).toBe(JSON.stringify(before));
  expect(after["known"]).toBeInstanceOf(WeakMap);
  expect(marked.split("\n").length).toBe(code.split("\n").length);
  expect(transformSync(marked).warnings).toEqual([]);
});

test("bundlers drop the variables that nobody uses, however they are made", () => {
  expect(bundled("plain")).toContain('name: "plain"');
  expect(bundled("plain")).not.toMatch(/nested|WeakMap|2 \*\* 3/);
  expect(bundled("nested")).toContain("2 ** 3");
  expect(bundled("nested")).not.toContain('"plain"');
});
