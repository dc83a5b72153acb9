import { expect, test } from "vitest";
import { compile, js, ones, type Target, type Tensor, tensor, wasm } from "./index";

const scalar = (value: number): Tensor => tensor(value, { target: js() });

test("names of arguments' parts can not be mistaken for other arguments", () => {
  const total = compile((parts: Readonly<Record<string, Tensor>>) =>
    Object.values(parts).reduce((sum, x) => sum.add(x), tensor(0)),
  );
  expect(total({ a: tensor(1), b: tensor(2) }).itemSync()).toBe(3);
  expect(total({ "a : float32[] b": tensor(1) }).itemSync()).toBe(1);
  expect(total({ "a float32[] 1:b": tensor(1) }).itemSync()).toBe(1);
});

test("targets of one name have programs of their own", () => {
  const twin: Target = Object.freeze({ ...js() });
  const double = compile((x: Tensor) => x.mul(2));
  expect(double(scalar(1)).target).toBe(js());
  expect(double(tensor(1, { target: twin })).target).toBe(twin);
});

test("donated arguments may hold static parts, or be absent", () => {
  const state = { x: ones([2]), kind: "fixed" };
  const next = compile((s: typeof state, _rest?: Tensor) => s.x.add(1), { donate: [0, 1] });
  expect(next(state).arraySync()).toEqual([2, 2]);
  expect(() => state.x.dataSync()).toThrow(/donated/);
});

test("inside a compiled function of another target, arguments and numbers follow the traced ones", () => {
  const inner = compile((x: Tensor, k: number | Tensor) => x.mul(k).add(1));
  const outer = compile((x: Tensor) => inner(x, 2), { target: js() });
  expect(outer(tensor(3, { target: wasm() })).itemSync()).toBe(7);
  expect(outer(scalar(3)).target).toBe(js());
});
