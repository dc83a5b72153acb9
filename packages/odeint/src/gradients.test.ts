import { grad, hessian, jacfwd, jvp, vmap } from "@dzdt/autograd";
import { compile, concat, stack, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { bosh3, dop853, type ExplicitSolver, odeint, rk4, separable, tsit5, yoshida8D } from "./index";
import { f64, numbers } from "../test/support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const lotkaVolterra = (_t: Tensor, y: Tensor, p: Tensor): Tensor => {
  const [u, v] = y.split(2) as [Tensor, Tensor];
  const [a, b, c, d] = p.split(4) as [Tensor, Tensor, Tensor, Tensor];
  return concat([a.mul(u).sub(b.mul(u).mul(v)), d.mul(u).mul(v).sub(c.mul(v))]);
};
describe("gradients", () => {
  // y' = −k y + t
  const field = (t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k).neg().add(t);
  const cases: [ExplicitSolver, number[]][] = [tsit5, dop853, bosh3, rk4].flatMap((solver) =>
    [
      [0, 1],
      [0, 0.4, 1],
    ].map((ts): [ExplicitSolver, number[]] => [solver, ts]),
  );
  test.each(cases.map(([solver, ts]) => ({ name: solver.name, solver, ts })))(
    "of $name at $ts agree with differences, in both modes",
    ({ solver, ts }) => {
      const options = { solver, rtol: 1e-10, atol: 1e-10, ...(solver.bError ? {} : { dt0: 0.01 }) };
      const loss = (y0: Tensor, k: Tensor, times: Tensor): Tensor =>
        odeint(field, y0, times, { ...options, args: k })
          .ys.mul(f64(ts.map((_, i) => i + 1)))
          .sum();
      const at = [f64(1.3), f64(0.7), f64(ts)] as const;
      const found = grad(loss, [0, 1, 2])(...at) as unknown as Tensor[];
      at.forEach((x, n) =>
        numbers(x).forEach((_, i) => {
          const value = (by: number): number => {
            const moved = at.map((y, m) =>
              m === n ? tensor(Float64Array.from(numbers(y), (v, j) => (j === i ? v + by : v))).reshape(y.shape) : y,
            ) as [Tensor, Tensor, Tensor];
            return loss(...moved).itemSync();
          };
          expect(Math.abs(numbers(found[n]!)[i]! - (value(1e-5) - value(-1e-5)) / 2e-5)).toBeLessThan(3e-8);
        }),
      );
      const [, pushed] = jvp(loss, [...at], [f64(1), f64(1), f64(ts.map(() => 1))]);
      expect(pushed.itemSync()).toBeCloseTo(
        found.reduce((sum, g) => sum + numbers(g).reduce((a, b) => a + b, 0), 0),
        11,
      );
    },
  );

  test("of Lotka–Volterra are those of the reference", () => {
    // Central differences in 200-bit arithmetic: loss Σ y(t) over t = 1 … 10.
    const loss = (y0: Tensor, p: Tensor, ts: Tensor): Tensor =>
      odeint(lotkaVolterra, y0, ts, { args: p, rtol: 1e-12, atol: 1e-12, solver: dop853 }).ys.slice([1], [11]).sum();
    const ts = Array.from({ length: 11 }, (_, i) => i);
    const run = compile((y0: Tensor, p: Tensor, times: Tensor) => [
      loss(y0, p, times),
      ...(grad(loss, [0, 1, 2])(y0, p, times) as unknown as Tensor[]),
    ]);
    const found = run(f64([1, 1]), f64([1.5, 1, 3, 1]), f64(ts)).map(numbers);
    const near = (x: number, expected: number, relative: number): void =>
      expect(Math.abs(x - expected)).toBeLessThan(relative * Math.abs(expected));
    near(found[0]![0]!, 44.75779733269197, 1e-10);
    [-7.465177892994102, -1.937133466148988].forEach((x, k) => near(found[1]![k]!, x, 1e-9));
    [-7.555862073981287, -16.82491524686833, 5.111403856979906, -37.33519344496673].forEach((x, k) =>
      near(found[2]![k]!, x, 1e-9),
    );
    near(found[3]![0]!, -0.14167798580092494, 1e-9);
    near(found[3]![10]!, -1.189556083045491, 1e-9);
  });

  test("compile, and cross independent trajectories", () => {
    const loss = (y: Tensor): Tensor =>
      odeint((t: Tensor, z: Tensor) => z.mul(z).neg().add(t), y, [0, 0.5, 1], { batch: "independent" }).ys.sum();
    const y0 = f64([
      [1, 2],
      [30, 4],
    ]);
    const eager = numbers(grad(loss)(y0));
    expect(numbers(compile((y: Tensor) => grad(loss)(y))(y0))).toEqual(eager);
    const alone = numbers(grad((y: Tensor) => loss(y.reshape([1, 2])))(f64([30, 4])));
    alone.forEach((x, k) => expect(eager[2 + k]).toBeCloseTo(x, 12));
  });

  test("go through at(), also for its times", () => {
    const value = (y0: Tensor, t: Tensor): Tensor =>
      odeint(decay, y0, [0, 2], { rtol: 1e-10, atol: 1e-12 })
        .at(t.reshape([1]))
        .sum();
    const [byState, byTime] = grad(value, [0, 1])(f64([2]), f64(0.7));
    expect(numbers(byState)[0]).toBeCloseTo(Math.exp(-0.7), 8);
    expect(byTime.itemSync()).toBeCloseTo(-2 * Math.exp(-0.7), 9);
  });
});

describe("derivatives of outputs between steps with respect to times", () => {
  // y' = k y cos t, y = 2 exp(k (sin t − sin t0)), at k = 1
  const field = (t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(t.cos()).mul(k);
  const [a, b] = [0.3, 1.1];
  const rise = Math.sin(b) - Math.sin(a);
  const value = 2 * Math.exp(rise);
  /** By t0, t and k. */
  const first = [-Math.cos(a), Math.cos(b), rise].map((slope) => slope * value);
  const [byFrom, byTo] = [-Math.cos(a) * (1 + rise), Math.cos(b) * (1 + rise)];
  const second = [
    [Math.cos(a) ** 2 + Math.sin(a), -Math.cos(a) * Math.cos(b), byFrom],
    [-Math.cos(a) * Math.cos(b), Math.cos(b) ** 2 - Math.sin(b), byTo],
    [byFrom, byTo, rise ** 2],
  ].map((row) => row.map((slope) => slope * value));
  const close = (x: Tensor, expected: number[], digits: number): void =>
    numbers(x).forEach((each, i) => expect(each).toBeCloseTo(expected[i]!, digits));

  describe.each([bosh3, tsit5, dop853])("$name", (solver) => {
    const tight = { solver, rtol: 1e-11, atol: 1e-11 };
    const parts = (x: Tensor): [t0: Tensor, t: Tensor, k: Tensor] =>
      x.split(3).map((part) => part.reshape([])) as [Tensor, Tensor, Tensor];
    const output = (x: Tensor): Tensor => {
      const [t0, t, args] = parts(x);
      return odeint(field, f64(2), [t0, t, 2], { ...tight, args })
        .ys.slice([1], [2])
        .reshape([]);
    };
    const asked = (x: Tensor): Tensor => {
      const [t0, t, args] = parts(x);
      return odeint(field, f64(2), [t0, 2], { ...tight, args }).at(t);
    };
    const x = f64([a, b, 1]);

    test.each([
      ["ts", output],
      ["at()", asked],
    ])("are the field's, to second order and in both modes, by %s", (_, f) => {
      close(grad(f)(x), first, 9);
      close(compile((y: Tensor) => grad(f)(y))(x), first, 9);
      close(jvp(f, [x], [f64([1, -2, 3])])[1], [first[0]! - 2 * first[1]! + 3 * first[2]!], 8);
      close(hessian(f)(x), second.flat(), 7);
      close(jacfwd(jacfwd(f))(x), second.flat(), 7);
    });

    test("batch", () => {
      const later = f64([a, 1.9, 1]);
      const many = vmap(grad(output))(stack([x, later]));
      close(many.slice([0], [1]), first, 9);
      close(many.slice([1], [2]), numbers(grad(output)(later)), 12);
      const onlyTime = (t: Tensor): Tensor => output(stack([f64(a), t, f64(1)]));
      close(vmap(grad(onlyTime))(f64([b, b])), [first[1]!, first[1]!], 9);
    });
  });

  test("are the field's in float32, beside parameters, and for symplectic steps", () => {
    const single = (times: Tensor, k: Tensor): Tensor =>
      odeint((t: Tensor, { x }: { x: Tensor }) => ({ x: x.mul(t.cos()).mul(k) }), { x: tensor([2, 1]) }, times)
        .ys.x.slice([1], [2])
        .sum();
    const [byTimes, byParameter] = grad(single, [0, 1])(f64([a, b, 2]), tensor(1));
    close(byTimes, [1.5 * first[0]!, 1.5 * first[1]!, 0], 3);
    expect(byParameter.itemSync()).toBeCloseTo(1.5 * value * rise, 3);
    const oscillator = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.neg() });
    const q = (times: Tensor): Tensor =>
      odeint(oscillator, { q: f64(1), p: f64(0) }, times, { solver: yoshida8D, dt0: 0.05 })
        .ys.q.slice([1], [2])
        .sum();
    close(grad(q)(f64([a, b, 2])), [Math.sin(b - a), -Math.sin(b - a), 0], 6);
  });
});
