import fc from "fast-check";
import { expect, test } from "vitest";
import { ops, type Tensor } from "../index";
import { trace } from "../trace";
import { prune } from "./prune";

test("axes that are moved there and back are not moved", () => {
  const shape = [2, 3, 4, 5];
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(order, order, (there, back) => {
      const moved = (x: Tensor): Tensor => ops.permute(ops.permute(x, there), back);
      const { nodes } = prune(trace("f", (x) => [moved(x).add(1)], [{ dtype: "float32", shape }]).tape);
      const same = back.every((axis, j) => there[axis] === j);
      const moves = [there, back].filter((axes) => axes.some((axis, j) => axis !== j)).length;
      expect(nodes.filter(({ op }) => op.name === "transpose").length).toBe(same ? 0 : moves);
    }),
    { numRuns: 200 },
  );
});
