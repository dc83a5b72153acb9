import { compile, fori, js, tensor, type Tensor, wasm, withTarget, zeros } from "@dzdt/tensor";
import { assertClose } from "@dzdt/tensor/testing";
import { describe, expect, test } from "vitest";
import { customVjp } from "./custom-vjp";
import { grad } from "./grad";
import { jvp } from "./jvp";
import { f64, numbersOf } from "./testing/numbers";
import { vmap } from "./vmap";

type Body = (x: Tensor) => Tensor;

const body: Body = (x) => {
  let y = x;
  for (let i = 0; i < 4; i++) y = y.mul(1.5).sin().add(y.sum()).tanh().mul(y.cos());
  return y;
};

/** A function that calls another some times. */
const calling =
  (f: Body, times: number): Body =>
  (x) => {
    let y = x;
    for (let i = 0; i < times; i++) y = f(y).add(0.1 * i);
    return y;
  };

const transformed: Record<string, (f: Body) => Body> = {
  grad: (f) => grad((x: Tensor) => f(x).sum()),
  "grad of grad": (f) =>
    grad((x: Tensor) =>
      grad((x: Tensor) => f(x).sum())(x)
        .square()
        .sum(),
    ),
  jvp: (f) => (x) => jvp(f, [x], [x.cos()])[1],
  vmap: (f) => (x) => vmap(f)(x.reshape([2, 2])).reshape([4]),
  "vmap of grad": (f) => (x) => vmap(grad((x: Tensor) => f(x).sum()))(x.reshape([2, 2])).reshape([4]),
};

const numbers = [0.3, -1, 2, 0.5];
const functionsOf = (text: string): number => Number(/bytes: (\d+) functions/.exec(text)![1]);

describe.each(Object.entries(transformed))("%s of a function that calls another often", (_name, transform) => {
  test("has one function for all calls", () => {
    const count = (times: number): number =>
      functionsOf(
        compile(transform(calling(compile(body), times)), { target: wasm() }).inspect(
          tensor(numbers, { target: wasm() }),
        ),
      );
    expect(count(9)).toBe(count(6));
  });

  test.each([js(), wasm()])("is what it is without calls ($name)", (target) =>
    withTarget(target, () => {
      const x = tensor(numbers, { dtype: "float64" });
      const found = compile(transform(calling(compile(body), 5)))(x);
      assertClose(found, transform(calling(body, 5))(x), { rtol: 1e-9, atol: 1e-9 });
    }),
  );
});

test("calls whose arguments move, or not, have derivatives of their own", () => {
  const plain = (x: Tensor, y: Tensor): Tensor => x.sin().mul(y.exp());
  const mixed = (f: typeof plain) => (a: Tensor, b: Tensor) =>
    f(a, f(b, b.mul(0)))
      .add(f(f(a, b), b))
      .add(f(a, a))
      .mul(f(b, a))
      .sum();
  const [a, b] = [f64([0.2, 0.7]), f64([1.1, -0.4])];
  for (const argnums of [0, 1])
    assertClose(grad(mixed(compile(plain)), argnums)(a, b), grad(mixed(plain), argnums)(a, b), {
      rtol: 1e-12,
      atol: 1e-12,
    });
});

test("a rule of the user's holds for each of several calls", () => {
  const tripled = customVjp((x: Tensor) => x.mul(2), {
    forward: (x) => [x.mul(2), {}] as const,
    backward: (_saved, ct: Tensor) => [ct.mul(3)],
  });
  const twice = compile((x: Tensor) => tripled(tripled(x)));
  expect(numbersOf(grad((x: Tensor) => twice(twice(x)).sum())(f64([1, 2])))).toEqual([81, 81]);
});

describe("inspect", () => {
  const onWasm = (shape: readonly number[]): Tensor => zeros(shape, { target: wasm() });

  test("prints what equal calls hold once", () => {
    const f = compile((x: Tensor) => calling(compile(body), 6)(x), { target: wasm() });
    const text = f.inspect(onWasm([4]));
    expect(text.match(/tape=↓/g)).toHaveLength(1);
    const [, first] = /%(\d+): float32\[4\] = call %0 tape=↓/.exec(text)!;
    expect(text.split(`tape=as %${first}\n`)).toHaveLength(6);
    expect(text.split(`call as %${first} `)).toHaveLength(6);
  });

  test("says on which tape the call is that holds the same", () => {
    const inner = compile(body);
    const f = compile(function outer(x: Tensor) {
      return fori(3, (_i, y) => inner(y), inner(x));
    });
    expect(f.inspect(onWasm([4]))).toMatch(/call %1 tape=as %\d+ of outer\n/);
  });

  test("says how much memory loops may take for rows of unknown number", () => {
    const rooted = (y: Tensor): Tensor => fori(400, (_i, x) => x.sin(), y, { checkpoints: "sqrt" });
    const slope = compile(grad((y: Tensor) => rooted(y).sum()));
    // Twenty carries of segments, and twenty within the one that is computed again, of 80,000 bytes.
    expect(slope.inspect(onWasm([20000]))).toMatch(/^memory .*, and up to 3,200,000 of rows that loops keep$/m);
    expect(compile(rooted).inspect(onWasm([20000]))).toMatch(/^memory .*, temporaries [\d,]+$/m);
  });
});

test("a loop whose gradient would keep more than a tensor can hold is told of checkpoints", () => {
  const long = (checkpoints: "all" | "sqrt") =>
    compile(
      grad((y: Tensor) => fori(3e6, (_i, x) => x.sin(), y, { checkpoints }).sum()),
      { target: wasm() },
    );
  const y = zeros([1000], { target: wasm() });
  expect(() => long("all").inspect(y)).toThrow(
    /^gradient of a loop: .* \[3000000, 1000\] has 3000000000 elements.*: give the loop checkpoints, "sqrt" or "log"/,
  );
  expect(long("sqrt").inspect(y)).toContain("float32[≤1733, 1000]");
});
