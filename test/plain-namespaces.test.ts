import { expect, test } from "vitest";
import { withPlainNamespaces } from "../tools/plain-namespaces";

const namespace = (name: string): string =>
  `var ${name} = {};\n__export(${name}, {\n  one: () => one,\n  two: () => two2\n});`;
const members = "var one = 1;\nvar two2 = 2;";

test("a namespace is made before the statement that first uses it, and lines stay where they are", () => {
  const given = `${namespace("a_exports")}\n${namespace("b_exports")}\n${namespace("c_exports")}\n${members}\nvar table = b_exports;\nexport {\n  a_exports as a,\n  c_exports as c\n};\n`;
  const made = withPlainNamespaces(given);
  expect(made.split("\n")).toHaveLength(given.split("\n").length);
  const lines = made.split("\n").filter((line) => line !== "");
  expect(lines.slice(0, 3)).toEqual([
    "var one = 1;",
    "var two2 = 2;",
    "var b_exports = { one, two: two2 }; var table = b_exports;",
  ]);
  const object = "{ one, two: two2 }";
  const either = [
    `var a_exports = ${object}; var c_exports = ${object}; export {`,
    `var c_exports = ${object}; var a_exports = ${object}; export {`,
  ];
  expect(either).toContain(lines[3]);
});

test("a namespace that is used in another way is refused", () => {
  const given = `${namespace("a_exports")}\n${members}\nlog(a_exports);\n`;
  expect(() => withPlainNamespaces(given)).toThrow(/a_exports is written or used in a way/);
});
