import { expect, test } from "vitest";
import { compile, fori, js, ones, type Target, type Tensor, tensor, wasm } from "./index";

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

test("what is donated is an argument of the function or of the call", () => {
  const x = tensor([1, 2]);
  const wrong = compile(
    function twice(x: Tensor) {
      return x.mul(2);
    },
    { donate: [3] },
  );
  expect(() => wrong(x)).toThrow(
    /^twice: donate names argument 3, which is none of the 1 that there are; give indices/,
  );
  expect(() => wrong.inspect(x)).toThrow(RangeError);
  expect(() => compile((x: Tensor) => x.mul(2), { donate: [-1] })(x)).toThrow(RangeError);
  expect(() => compile((x: Tensor) => x.mul(2), { donate: [0.5] })(x)).toThrow(RangeError);
  const sum = compile((...xs: Tensor[]) => xs.reduce((a, b) => a.add(b)), { donate: [1] });
  expect(() => sum(x)).toThrow(RangeError);
  expect(sum(tensor([1, 1]), x).arraySync()).toEqual([2, 3]);
  expect(() => x.dataSync()).toThrow(/donated/);
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

test("what was used lately stays compiled, however many kinds of arguments there are", () => {
  let traces = 0;
  const f = compile((x: Tensor) => {
    traces++;
    return x.add(1);
  });
  for (let n = 1; n <= 100; n++) {
    f(ones([n]));
    f(ones([1]));
  }
  expect(traces).toBe(100);
  f(ones([2]));
  expect(traces).toBe(101);
});

test("arguments are told apart however a call before was found", () => {
  const f = compile((p: { a: Tensor | number; b?: unknown }, by: number | string) =>
    typeof by === "string" ? tensor(by.length) : (p.a as Tensor).mul(by),
  );
  const a = tensor([1, 2]);
  for (const _ of [1, 2]) {
    expect(f({ a }, 3).arraySync()).toEqual([3, 6]);
    expect(f({ a }, 4).arraySync()).toEqual([4, 8]);
    expect(f({ a: tensor([1, 2, 3]) }, 4).arraySync()).toEqual([4, 8, 12]);
    expect(f({ a, b: "x" }, 4).arraySync()).toEqual([4, 8]);
    expect(f({ a }, "one").itemSync()).toBe(3);
    expect(f({ a }, "three").itemSync()).toBe(5);
    expect(f({ b: true, a }, 2).arraySync()).toEqual([2, 4]);
  }
});

test("numbers in the function's text are part of its program, and numbers among its arguments are not", () => {
  const f = compile((x: Tensor, k: number | Tensor) => x.mul(2).add(k).mul(2));
  expect(f(tensor([1, 2]), 3).arraySync()).toEqual([10, 14]);
  expect(f(tensor([1, 2]), 4).arraySync()).toEqual([12, 16]);
  expect(f.inspect(tensor([1, 2]), 3)).toContain("return");
  expect(f.inspect(tensor([1, 2]), 3)).not.toContain("captured");
});

test("attributes that a caller changes later do not change what was computed for them", () => {
  const shape = [2, 3];
  const x = tensor([1, 2, 3, 4, 5, 6]);
  expect(x.reshape(shape).shape).toEqual([2, 3]);
  expect(x.broadcastTo([2, 6]).sum().itemSync()).toBe(42);
  shape[0] = 3;
  shape[1] = 2;
  expect(x.reshape(shape).shape).toEqual([3, 2]);
  expect(x.reshape([2, 3]).shape).toEqual([2, 3]);
});

test("inspect shows the tape, then what is computed together, what it costs, and where memory goes", () => {
  const descend = compile(function descend(w: Tensor, x: Tensor) {
    const step = (_i: Tensor, w: Tensor): Tensor => {
      const y = x.matmul(w).tanh();
      return w.sub(x.transpose().matmul(y.mul(0.5)));
    };
    return fori(10, step, w).square().sum();
  });
  const text = descend.inspect(ones([8, 4], { target: wasm() }), ones([16, 8], { target: wasm() }));
  expect(text).toMatch(/^descend \(%0: float32\[8, 4\], %1: float32\[16, 8\]\)\n/);
  const table = text.slice(text.indexOf("\ncode ") + 1).replace(/code [\d,]+ bytes/, "code … bytes");
  expect(table).toMatchInlineSnapshot(`
    "code                  computes                       result           FLOPs   bytes
    map                   %3 transpose                   float32[8, 16]       0   1,024
    loop in memory, 10 ×  %4 loop                        float32[8, 4]   22,080  26,920
      product             %5 contract                    float32[16, 4]   1,024     896
      map                 %6 tanh, %7 broadcast, %8 mul  float32[16, 4]     128     516
      product             %9 contract                    float32[8, 4]    1,024     896
      map                 %10 sub                        float32[8, 4]       32     384
    fold                  %5 integerPow, %6 sum          float32[]           64     132
    in all                                                               22,144  28,076
    memory 3,504 bytes: inputs 640, results 16, temporaries 2,848
    code … bytes: 4 functions"
  `);
});
