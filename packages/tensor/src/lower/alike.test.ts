import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { call, compile, cond, fori, js, tensor, type Tensor, trace, wasm, withTarget } from "../index";
import { bind } from "../run";
import type { Tape } from "../tape";
import { assertClose } from "../testing";
import { firstAlike } from "./alike";

const vector = { dtype: "float32", shape: [3] } as const;

type Body = (x: Tensor) => Tensor;

const tapeOf = (body: Body, where = "f"): Tape => trace(where, (x) => [body(x)], [vector], { frozen: true }).tape;

const calling = (inner: Body, x: Tensor): Tensor => bind(call, [x], { tape: tapeOf(inner) })[0]!;

/** Functions that hold another in each of the ways there are. */
const holders: readonly ((inner: Body) => Body)[] = [
  (inner) => (x) => inner(x).mul(0.5),
  (inner) => (x) => calling(inner, x).sub(x),
  (inner) => (x) => calling((y) => calling(inner, y).tanh(), x),
  (inner) => (x) => fori(3, (_i, y) => calling(inner, y), x),
  (inner) => (x) =>
    cond(
      x.sum().greater(0),
      () => calling(inner, x),
      () => x.neg(),
    ),
];

const innermost: readonly Body[] = [
  (x) => x.sin(),
  (x) => x.cos(),
  (x) => x.mul(2).sin(),
  (x) => x.mul(0).sin(),
  (x) => x.mul(-0).sin(),
  (x) => x.slice([0], [2]).sum().mul(x),
  (x) => x.slice([1], [3]).sum().mul(x),
];

describe("tapes that are one program", () => {
  test("are found as the first of them, whatever they are called and what is dead in them", () => {
    const first = firstAlike();
    const found = first(tapeOf((x) => x.sin().mul(2)));
    expect(
      first(
        tapeOf((x) => {
          x.cos().add(1);
          return x.sin().mul(2);
        }, "g"),
      ),
    ).toBe(found);
    expect(first(tapeOf((x) => x.sin().mul(3)))).not.toBe(found);
    expect(first(trace("f", (x) => [x.sin().mul(2)], [{ ...vector, dtype: "float64" }]).tape)).not.toBe(found);
  });

  test("are those that hold such, and no others", () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: holders.length - 1 }), { maxLength: 3 }),
        fc.nat({ max: innermost.length - 1 }),
        fc.nat({ max: innermost.length - 1 }),
        (path, a, b) => {
          const made = (n: number): Tape => tapeOf(path.reduce((body, h) => holders[h]!(body), innermost[n]!));
          const first = firstAlike();
          expect(first(made(a)) === first(made(b))).toBe(a === b);
        },
      ),
    ));

  test("have keys as long as they are, however deep they call each other", () => {
    let body: Body = (x) => x.sin();
    for (let depth = 0; depth < 40; depth++) {
      const tape = tapeOf(body);
      body = (x) => bind(call, bind(call, [x], { tape }), { tape })[0]!;
    }
    const first = firstAlike();
    expect(first(tapeOf(body))).toBe(first(tapeOf(body)));
  });
});

describe("calls of equal functions", () => {
  const field = (): Body => compile((x: Tensor) => x.mul(1.5).sin().add(x.sum()).tanh().cumsum(0).exp().mul(0.1));
  const other = (): Body => compile((x: Tensor) => x.mul(1.25).sin().add(x.sum()).tanh().cumsum(0).exp().mul(0.1));
  const chain =
    (fields: readonly Body[]): Body =>
    (x) =>
      fields.reduce((y, f, i) => f(y).add(i), x);
  const code = (f: Body): { bytes: number; functions: number } => {
    const text = compile(f, { target: wasm() }).inspect(tensor([1, 2, 3], { target: wasm() }));
    const [, bytes, functions] = /code ([\d,]+) bytes: (\d+) functions/.exec(text)!;
    return { bytes: Number(bytes!.replaceAll(",", "")), functions: Number(functions) };
  };

  test("are calls of one function", () => {
    const [few, many] = [4, 12].map((n) => code(chain(Array.from({ length: n }, field))));
    expect(many!.functions).toBe(few!.functions);
    expect(many!.bytes - few!.bytes).toBeLessThan(8 * 150);
    expect(code(chain([field(), other(), field(), other()])).functions).toBe(few!.functions + 1);
  });

  test("compute on wasm what they do on js, mixed with others", () => {
    const f = chain([field(), other(), field(), field(), other()]);
    const [found, expected] = [wasm(), js()].map((target) =>
      withTarget(target, () => compile((x: Tensor) => f(x), { target })(tensor([0.3, -1, 2], { target }))),
    );
    assertClose(found!.to(js()), expected!, { rtol: 1e-5, atol: 1e-6 });
  });
});
