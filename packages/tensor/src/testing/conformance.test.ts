import { describe, expect, test } from "vitest";
import type { Primitive } from "../primitive";
import * as primitives from "../primitives/index";
import { evaluate } from "../run";
import { sizeOf } from "../shape";
import { js } from "../targets/js";
import type { Target } from "../targets/target";
import { wasm } from "../targets/wasm";
import type { Tensor } from "../tensor";
import { isFloat } from "../dtype";
import { assertClose } from "./allclose";
import { type Case, casesOf, inputsOf, nameOf } from "./cases";
import { extremes, extremesIn, fromNumbers } from "./samples";
import { tolerance } from "./tolerances";

const every = Object.values(primitives) as unknown as Primitive[];
const run = (c: Case, ins: readonly Tensor[]): Tensor[] => evaluate(c.op, ins, c.attributes);

function agree(c: Case, ins: (target: Target) => Tensor[]): void {
  const expected = run(c, ins(js()));
  run(c, ins(wasm())).forEach((found, k) =>
    assertClose(
      fromNumbers(Array.from(found.dataSync()), found.dtype, found.shape, js()),
      expected[k]!,
      tolerance(c.op.name, found.dtype, "wasm"),
      nameOf(c),
    ),
  );
}

describe.each(every.map((op) => [op.name, op] as const))("%s", (_name, op) => {
  const cases = casesOf(op);

  test("has cases", () => expect(cases.length).toBeGreaterThan(0));

  test("wasm gives what js gives, of the types that the shape rule says", () => {
    for (const c of cases)
      for (const seed of [1, 2]) {
        agree(c, (target) => inputsOf(c, seed, target));
        const ins = inputsOf(c, seed, js());
        const types = op.shape(ins, c.attributes);
        run(c, ins).forEach((out, k) => {
          expect([out.dtype, out.shape]).toEqual([types[k]!.dtype, types[k]!.shape]);
          expect(out.dataSync().length).toBe(sizeOf(types[k]!.shape));
        });
      }
  });

  test("rows of results are of the rows that leading axes say", () => {
    for (const c of cases) {
      const ins = inputsOf(c, 3, js());
      const rows = sizeOf(ins[0]!.shape.slice(0, op.leading?.(ins, c.attributes) ?? 0));
      if (rows < 2) continue;
      const rolled = (x: Tensor): Tensor => {
        const values = Array.from(x.dataSync());
        const width = values.length / rows;
        return fromNumbers([...values.slice(width), ...values.slice(0, width)], x.dtype, x.shape, js());
      };
      expect(run(c, ins.map(rolled)).map((x) => x.dataSync())).toEqual(run(c, ins).map((x) => rolled(x).dataSync()));
    }
  });

  test("targets agree at the extremes", () => {
    const seen = new Set<string>();
    for (const c of cases) {
      if (op.fusion !== "map" || !c.ins.every((x) => isFloat(x.dtype) || x.dtype === "int32") || c.ins.length > 2)
        continue;
      const key = c.ins.map((x) => x.dtype).join() + JSON.stringify(c.attributes);
      if (seen.has(key) || op.name === "triangle") continue;
      seen.add(key);
      const values =
        c.ins[0]!.dtype === "int32" ? [0, 1, -1, 7, 31, 32, 2 ** 31 - 1, -(2 ** 31)] : extremesIn(op.domain);
      const pairs = c.ins.length === 1 ? values.map((x) => [x]) : values.flatMap((x) => values.map((y) => [x, y]));
      agree(c, (target) =>
        c.ins.map((x, j) =>
          fromNumbers(
            pairs.map((pair) => pair[j]!),
            x.dtype,
            [pairs.length],
            target,
          ),
        ),
      );
    }
  });

  test("targets agree on lines with an extreme among their numbers", () => {
    const along = (axis: unknown): boolean => axis === 1 || (Array.isArray(axis) && axis.join() === "1");
    const lines = cases.filter(
      ({ ins, attributes }) =>
        ins.length === 1 && isFloat(ins[0]!.dtype) && along(attributes["axis"] ?? attributes["axes"]),
    );
    if (op.fusion === "map" || op.fusion === "view" || op.kernel) return;
    const length = 37;
    for (const c of lines)
      agree(c, (target) => [
        fromNumbers(
          extremes.flatMap((x, row) =>
            Array.from({ length }, (_, i) => (i === (row * 5) % length ? x : ((i * 7) % 11) / 8 - 0.5)),
          ),
          c.ins[0]!.dtype,
          [extremes.length, length],
          target,
        ),
      ]);
  });
});
