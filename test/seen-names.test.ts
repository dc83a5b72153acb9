import { expect, test } from "vitest";
import { seenNames } from "../tools/seen-names";

test("people see names of functions that are exported, members of objects, or expressions with a name", () => {
  const code = `
    function shown() {}
    function hidden(plain) { return plain; }
    var space = {}; __export(space, { inner: () => inner2 });
    function inner2() {}
    const number = 1;
    function make(count) {
      const rate = (x) => hidden(x), other = async () => 2, lost = () => 3;
      return { rate, number, other: other, count, nothing: lost() };
    }
    run(function step() {});
    export { shown, make as made };`;
  expect(seenNames(code).sort()).toEqual(["inner2", "make", "other", "rate", "shown", "step"]);
});
