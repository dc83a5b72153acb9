import { expect, test } from "vitest";
import { TraceError } from "./errors";
import * as functions from "./functions";
import { methodNames } from "./methods";
import { defaultTarget } from "./targets/default";
import { js } from "./targets/js";
import { Tensor } from "./tensor";
import { trace } from "./trace";

test.each(methodNames)("%s is a function and a method", (name) => {
  expect(functions).toHaveProperty(name);
  expect(Tensor.prototype).toHaveProperty(name);
});

test("methods are not listed, and installing them leaves nothing else on the prototype", () => {
  expect(Object.keys(Tensor.prototype)).toEqual([]);
  const symbols = Object.getOwnPropertySymbols(Tensor.prototype).map(({ description }) => description);
  expect(symbols).not.toContain("first");
  expect(symbols).not.toContain("last");
});

test("a method records what the function records", () => {
  const aval = { dtype: "float32", shape: [2] } as const;
  const record = (fn: (x: Tensor) => Tensor): unknown =>
    trace("test", (x) => [fn(x)], [aval]).tape.nodes.map(({ op, ins, outs, attributes }) => [
      op.name,
      ins,
      outs,
      attributes,
    ]);
  expect(record((x) => x.mul(x).gelu({ approximate: true }).pow(3))).toEqual(
    record((x) => functions.pow(functions.gelu(functions.mul(x, x), { approximate: true }), 3)),
  );
  expect(record((x) => x.to("float64"))).toEqual(record((x) => functions.cast(x, "float64")));
});

test("to(target) copies numbers", () => {
  const x = Tensor.scalar(3, "float64", defaultTarget());
  const moved = x.to(js());
  expect(moved.target.name).toBe("js");
  expect(moved.itemSync()).toBe(3);
  expect(x.to(x.target)).toBe(x);
});

test("a traced tensor does not move between targets", () => {
  const move = (): unknown => trace("test", (x) => [x.to(js())], [{ dtype: "float32", shape: [] }]);
  expect(move).toThrow(TraceError);
  expect(move).toThrow("to: a traced float32[] cannot move to js; a program runs on one target: move its arguments");
});
