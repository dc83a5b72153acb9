import {
  bind,
  compile,
  cond,
  fori,
  js,
  loop,
  scan,
  type Tensor,
  tensor,
  trace,
  whileLoop,
  withTarget,
} from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { checkpoint, customJvp, customVjp, grad, hessian, jacfwd, jvp, vjp, vmap } from "./index";
import { f64, numbersOf } from "./testing/numbers";

const near = (found: unknown, expected: readonly number[]): void => {
  const numbers = numbersOf(found);
  expect(numbers).toHaveLength(expected.length);
  numbers.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 10));
};

describe("derivatives of loops and branches", () => {
  const fifth = (x: Tensor): Tensor => fori(5, (_i: Tensor, y: Tensor) => y.mul(x), f64(1));

  test("go through fori and scan, in both modes, twice", () => {
    near(grad(fifth)(f64(2)), [80]);
    near(jvp(fifth, [f64(2)], [f64(1)]), [32, 80]);
    near(grad(grad(fifth))(f64(2)), [160]);
    near(hessian(fifth)(f64(2)), [160]);
    near(vmap(grad(fifth))(f64([1, 2])), [5, 80]);
    const sums = (xs: Tensor): Tensor => scan((c: Tensor, x: Tensor): [Tensor, Tensor] => [c.mul(x), c], f64(1), xs)[0];
    near(grad(sums)(f64([2, 3, 4])), [12, 8, 6]);
  });

  test("go through whileLoop and cond", () => {
    const grow = (x: Tensor): Tensor =>
      whileLoop(
        (y: Tensor) => y.less(10),
        (y: Tensor) => y.mul(x),
        x,
        { maxSteps: 20 },
      );
    near(grad(grow)(f64(2)), [32]);
    const branch = (x: Tensor): Tensor =>
      cond(
        x.less(0),
        (z: Tensor) => z.mul(z),
        (z: Tensor) => z.mul(3),
        x,
      );
    near(grad(branch)(f64(-2)), [-4]);
    near(grad(branch)(f64(2)), [3]);
    near(vmap(grad(branch))(f64([-2, 2])), [-4, 3]);
    expect(vmap(grad(grow))(f64([])).shape).toEqual([0]);
    expect(grad((xs: Tensor) => vmap(grow)(xs).sum())(f64([])).shape).toEqual([0]);
  });
});

describe("gradients through a batch are those of its elements, where what is computed for others beside them is not finite", () => {
  const total = (f: (...xs: Tensor[]) => Tensor): ((...xs: Tensor[]) => Tensor) =>
    grad((...xs) => vmap(f)(...xs).sum());

  test.each(["all", "sqrt", "log", 2] as const)("of loops that end one by one, with checkpoints %s", (checkpoints) => {
    // One step more would take the root of a negative number, and divide by 0.
    const shrink = (x: Tensor, n: Tensor): Tensor =>
      whileLoop(
        (c: { t: Tensor; y: Tensor }) => c.t.less(n),
        ({ t, y }: { t: Tensor; y: Tensor }) => ({
          t: t.add(1),
          y: y.div(n.sub(t)).add(n.sub(t).sub(0.5).sqrt().exp()),
        }),
        { t: f64(0), y: x },
        { maxSteps: 20, checkpoints },
      ).y;
    const [xs, ns] = [f64([1, 2, 3]), f64([1, 3, 6])];
    near(total(shrink)(xs, ns), [1, 1 / 6, 1 / 720]);
    near(compile(total(shrink))(xs, ns), [1, 1 / 6, 1 / 720]);
    near(vmap(grad(shrink))(xs, ns), [1, 1 / 6, 1 / 720]);
  });

  test("of branches", () => {
    const root = (x: Tensor): Tensor =>
      cond(
        x.less(0),
        (z: Tensor) => z.mul(3),
        (z: Tensor) => z.sqrt().exp(),
        x,
      );
    near(total(root)(f64([-2, 4])), [3, Math.exp(2) / 4]);
    near(grad((x: Tensor) => total(root)(x).square().sum())(f64([-2, 4])), [
      0,
      (Math.exp(2) / 2) * (Math.exp(2) / 16 - Math.exp(2) / 32),
    ]);
  });
});

describe("a loop over the first rows of an array, as many as a program finds out", () => {
  /** The last of c ← c x + sin x. */
  const folded = (count: Tensor, xs: Tensor): Tensor => {
    const { tape, captured } = trace("fold", (_i, c, x) => [c.mul(x).add(x.sin())], [
      { dtype: "int32", shape: [] },
      { dtype: "float64", shape: [] },
      { dtype: "float64", shape: [] },
    ]);
    return bind(loop, [count, xs.sum().mul(0).add(1), xs, ...captured], {
      body: tape,
      condition: undefined,
      carries: 1,
      xs: 1,
      length: xs.shape[0]!,
      counted: true,
      reverse: false,
      ys: [],
      rows: 0,
      lanes: 0,
    })[0]!;
  };
  const count = (n: number | number[]): Tensor => tensor(n, { dtype: "int32" });
  const twoRows = (xs: Tensor): Tensor => {
    const [a, b] = [0, 1].map((k) => xs.slice([k], [k + 1]).reshape([])) as [Tensor, Tensor];
    return a.add(a.sin()).mul(b).add(b.sin());
  };
  const twice = (f: (xs: Tensor) => Tensor) => (xs: Tensor) =>
    grad((x: Tensor) =>
      grad(f)(x)
        .mul(f64([1, -2, 3, 4]))
        .sum(),
    )(xs);
  const at = f64([0.5, 2, 3, 4]);

  test("gives every row a cotangent, which may be added to others", () => {
    const compiled = (f: (xs: Tensor) => Tensor) => compile((xs: Tensor) => twice(f)(xs))(at);
    const expected = numbersOf(twice(twoRows)(at));
    const first = (xs: Tensor): Tensor => folded(count(2), xs);
    near(compiled(first), expected);
    near(
      compiled((xs) => first(xs).add(twoRows(xs))),
      expected.map((x) => 2 * x),
    );
    near(
      withTarget(js(), () => compiled((xs) => first(xs).add(twoRows(xs)))),
      expected.map((x) => 2 * x),
    );
  });

  test("and over a batch, each by its own number", () => {
    const both = vmap((n: Tensor) => twice((xs) => folded(n, xs).add(twoRows(xs)))(at))(count([2, 0]));
    const two = numbersOf(twice(twoRows)(at));
    near(both, [...two.map((x) => 2 * x), ...two]);
  });
});

describe("custom rules inside loops", () => {
  const sumOf =
    (f: (x: Tensor) => Tensor) =>
    (xs: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor): [Tensor, Tensor] => [c.add(f(x)), c], f64(0), xs)[0];
  const square = (x: Tensor): Tensor => x.mul(x);

  test("hold in the modes they are for, and under vmap", () => {
    const reverse = sumOf(
      customVjp(square, { forward: (x) => [square(x), x] as const, backward: (x, ct: Tensor) => [ct.mul(x).mul(7)] }),
    );
    near(grad(reverse)(f64([1, 2])), [7, 14]);
    near(
      vmap(grad(reverse))(
        f64([
          [1, 2],
          [3, 4],
        ]),
      ),
      [7, 14, 21, 28],
    );
    const forward = sumOf(customJvp(square, ([x], [dx]) => [square(x), dx.mul(x).mul(7)]));
    near(grad(forward)(f64([1, 2])), [7, 14]);
    near(jacfwd(forward)(f64([1, 2])), [7, 14]);
    near(grad((x: Tensor) => vmap(forward)(x).sum())(f64([[1, 2]])), [7, 14]);
  });
});

describe("inside compile", () => {
  const f = (x: Tensor): Tensor => x.sin().mul(x).sum();

  test("transforms give what they give eagerly", () => {
    const x = f64([0.3, 1.1]);
    for (const g of [grad(f), hessian(f), vmap((z: Tensor) => grad(f)(z)), grad(checkpoint(f))])
      near(compile(g)(x), numbersOf(g(x)));
    near(
      compile((z: Tensor) => vjp(f, z)[1](f64(2))[0])(x),
      numbersOf(grad(f)(x)).map((d) => 2 * d),
    );
    near(grad(compile(f))(x), numbersOf(grad(f)(x)));
  });

  test("custom rules hold", () => {
    const odd = customVjp((x: Tensor) => x.mul(x), {
      forward: (x) => [x.mul(x), x] as const,
      backward: (x, ct: Tensor) => [ct.mul(x).mul(7)],
    });
    near(compile(grad(odd))(f64(2)), [14]);
    near(compile(odd)(f64(2)), [4]);
    near(grad(compile(odd))(f64(2)), [14]);
  });
});

test("a loop without carries, whose condition alone differs between examples, batches", () => {
  const none = vmap((y: Tensor) => ({
    y,
    loop: whileLoop(
      () => y.less(0),
      (c) => c,
      [],
      { maxSteps: 3 },
    ),
  }))(tensor([-2, 5]));
  expect(none.loop).toEqual([]);
});

describe("loops over a batch that have some of what they carry in common", () => {
  /** y goes by a rule of its number n and of c, which neither batch has an axis of. */
  const carried = (y: Tensor, c: Tensor): Tensor[] =>
    fori(
      4,
      (_i: Tensor, carry: Tensor[]) => {
        const [y, c, n] = carry as [Tensor, Tensor, Tensor];
        return [y.mul(c.sum()).add(n.cast("float64").sin()), c.mul(0.75).add(0.1), n.add(1)];
      },
      [y, c, tensor(0, { dtype: "int32" })],
    );
  const ys = f64([0.5, -1.25, 2]);
  const each = (f: (y: Tensor) => unknown): number[] =>
    [0, 1, 2].flatMap((k) => numbersOf(f(ys.slice([k], [k + 1]).sum())));

  test.each([
    ["a scalar", f64(0.8)],
    ["a vector", f64([0.3, 0.6])],
  ])("are each element's loop: %s", (_name, c) => {
    const end = (y: Tensor): Tensor => carried(y, c)[0]!;
    near(vmap(end)(ys), each(end));
    near(vmap((y: Tensor) => carried(y, c)[2]!)(ys), [4, 4, 4]);
    near(vmap(vmap(end))(ys.reshape([3, 1])), each(end));
    const loss = (y: Tensor, c: Tensor): Tensor => carried(y, c)[0]!.square();
    const slope = (y: Tensor): Tensor => grad((y: Tensor) => loss(y, c))(y);
    near(vmap(slope)(ys), each(slope));
    const sum = (c: Tensor): Tensor => vmap((y: Tensor) => loss(y, c))(ys).sum();
    const parts = each((y) => grad((c: Tensor) => loss(y, c))(c));
    near(
      grad(sum)(c),
      Array.from({ length: c.size }, (_, i) => parts.filter((_, k) => k % c.size === i).reduce((a, b) => a + b)),
    );
  });
});
