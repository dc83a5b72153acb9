import { expect, test } from "vitest";
import { flatten, map, unflatten } from "./tree";

test.each([[{ 10: 10, 9: 9 }], [{ "-": 1, 1: 2, b: 3, a: 4 }], [{ layers: [{ 2: 1, 11: 2, "01": 3 }], "": 4 }]])(
  "leaves come back under their own names: %j",
  (tree) => {
    const { leaves, structure } = flatten(tree);
    expect(unflatten(structure, leaves)).toEqual(tree);
    expect(map((x) => x, tree)).toEqual(tree);
  },
);

test("the order in which an object was filled does not matter", () => {
  expect(flatten({ b: 1, 10: 2, a: 3, 9: 4 })).toEqual(flatten({ 9: 4, a: 3, 10: 2, b: 1 }));
  expect(flatten({ b: 1, a: 2 }).paths).toEqual([".a", ".b"]);
});
