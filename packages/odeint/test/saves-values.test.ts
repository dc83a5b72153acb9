import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, js, stack, tensor, type Tensor, type Tree, wasm, withTarget } from "@dzdt/tensor";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type Adjoint,
  backsolve,
  cdeint,
  constant,
  ddeint,
  discretize,
  dop853,
  interpolating,
  linearPath,
  odeint,
  quadrature,
  reversible,
  reversibleHeun,
  rk4,
  saveAt,
  type Save,
  type SaveRecord,
  type Saves,
  solve,
} from "../src/index";
import { at, close, f64, first, numbers } from "./support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const swing = (t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).neg().mul(t.mul(2).cos().add(1.5))]);
const tight = { solver: dop853, rtol: 1e-10, atol: 1e-12 } as const;

describe("what is saved", () => {
  test("is what a function makes of time, state and args: trees of tensors of any type, and numbers", () => {
    const field = (_t: Tensor, { q, p }: { q: Tensor; p: Tensor }, k: Tensor) => ({ q: p, p: q.mul(k).neg() });
    const y0 = { q: f64([1, 2]), p: f64([0, 0]) };
    const { saves } = odeint(field, y0, [0, 1], {
      ...tight,
      args: f64(4),
      saves: {
        energy: saveAt({
          ts: [0.25, 0.5],
          of: (_t, { q, p }, k: Tensor) => p.square().add(q.square().mul(k)).sum().mul(0.5),
        }),
        parts: saveAt({ ts: [0.5], of: (t, { q }) => ({ time: t, up: q.greater(1), largest: [q.argmax(0)], one: 1 }) }),
        state: saveAt({ every: 1 }),
      },
    });
    close(saves.energy.y, [10, 10], 1e-8);
    close(saves.parts.y.time, [0.5], 0);
    expect([numbers(saves.parts.y.up), numbers(saves.parts.y.largest[0]!), saves.parts.y.up.dtype]).toEqual([
      [0, 1],
      [1],
      "bool",
    ]);
    expectTypeOf(saves.energy.y).toEqualTypeOf<Tensor>();
    expectTypeOf(saves.parts.y.up).toEqualTypeOf<Tensor>();
    expectTypeOf(saves.state.y.p).toEqualTypeOf<Tensor>();
    const elsewhere = { sum: saveAt({ ts: [1], of: (_t, y: { q: Tensor }) => y.q.sum() }) };
    expectTypeOf(odeint(field, y0, [0, 1], { args: f64(4), saves: elsewhere }).saves.sum.y).toEqualTypeOf<Tensor>();
    // @ts-expect-error a save of another state
    expect(() => odeint(decay, f64(1), [0, 1], { saves: elsewhere })).toThrow();
    expectTypeOf<keyof typeof saves>().toEqualTypeOf<"energy" | "parts" | "state">();
  });

  test("may be had from compiled and transformed functions, with all rows", () => {
    const saved = (y0: Tensor) =>
      odeint(decay, y0, [0, 1], {
        ...tight,
        saves: {
          all: saveAt({ every: 1, capacity: 40, of: (t, y) => ({ y, late: t.greater(0.5), t }) }),
          own: saveAt({ ts: [0.5] }),
        },
      }).saves;
    const eager = saved(f64(2));
    const count = eager.all.count.itemSync();
    for (const target of [js(), wasm()]) {
      const { all, own } = withTarget(target, () => compile(saved)(f64(2)));
      expect([all.t.shape, all.count.itemSync()]).toEqual([[40], count]);
      close(first(all.y.y, count), numbers(eager.all.y.y), 1e-14);
      expect(numbers(all.y.y).slice(count).every(Number.isNaN)).toBe(true);
      expect(
        numbers(all.y.late)
          .slice(count)
          .every((x) => x === 0),
      ).toBe(true);
      close(own.y, [2 * Math.exp(-0.5)], 1e-9);
    }
    const { all } = vmap(saved)(f64([2, -1]));
    expect([all.t.shape, all.count.shape]).toEqual([[2, 40], [2]]);
    close(first(all.y.y, 1).reshape([40]).slice([0], [count]), numbers(eager.all.y.y), 1e-14);
  });

  test("of independent trajectories are those of each alone", () => {
    const y0s = [
      [1, 0],
      [0.1, 3],
    ];
    const options = {
      saves: {
        all: saveAt({ every: 3, capacity: 16 }),
        own: saveAt({ ts: [0.5, 2], of: (t: Tensor, y: Tensor) => y.sum().mul(t) }),
      },
    };
    const { saves, ys } = odeint(swing, f64(y0s), [0, 1, 4], { ...options, batch: "independent" });
    expect([saves.all.t.shape, saves.all.y.shape, saves.own.y.shape, ys.shape]).toEqual([
      [16, 2],
      [16, 2, 2],
      [2, 2],
      [3, 2, 2],
    ]);
    y0s.forEach((y0, row) => {
      const alone = odeint(swing, f64(y0), [0, 1, 4], options).saves;
      const count = alone.all.count.itemSync();
      expect(numbers(saves.all.count)[row]).toBe(count);
      const own = numbers(saves.all.t).filter((_, i) => i % 2 === row);
      close(own.slice(0, count), numbers(alone.all.t), 1e-12);
      expect(own.slice(count).every(Number.isNaN)).toBe(true);
      close(
        numbers(saves.own.y).filter((_, i) => i % 2 === row),
        numbers(alone.own.y),
        1e-12,
      );
    });
  });

  test("has gradients, in both modes", () => {
    const field = (_t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k);
    const steps = { solver: rk4, controller: constant({ dt: 0.125 }) };
    const stepped = (k: Tensor): Tensor =>
      odeint(field, f64(2), [0, 1], {
        ...steps,
        args: k,
        saves: { all: saveAt({ every: 4, of: (_t, y, k: Tensor) => y.mul(k) }) },
      })
        .saves.all.y.slice([0], [2])
        .sum();
    // d/dk of 2k (e^{k/2} + e^k)
    const slope = (k: number) => 2 * (Math.exp(k / 2) + Math.exp(k)) + 2 * k * (Math.exp(k / 2) / 2 + Math.exp(k));
    close(grad(stepped)(f64(0.3)), [slope(0.3)], 1e-5);
    close(jvp(stepped, [f64(0.3)], [f64(1)])[1], [slope(0.3)], 1e-5);
    close(compile(grad(stepped))(f64(0.3)), numbers(grad(stepped)(f64(0.3))), 1e-12);
    for (const adjoint of [discretize(), discretize({ checkpoints: "sqrt" }), backsolve(), interpolating()]) {
      const timed = (k: Tensor, t: Tensor): Tensor =>
        odeint(field, f64(2), [0, 0.5, 1], {
          rtol: 1e-9,
          args: k,
          adjoint,
          saves: { own: saveAt({ ts: stack([t, f64(1)]) }) },
        }).saves.own.y.sum();
      const [ofK, ofT] = grad(timed, [0, 1])(f64(0.3), f64(0.5));
      close(
        [ofK, ofT].map((x) => x.itemSync()),
        [Math.exp(0.15) + 2 * Math.exp(0.3), 0.6 * Math.exp(0.15)],
        1e-6,
      );
    }
    const undone = (y0: Tensor, adjoint: Adjoint): Tensor =>
      odeint((t, y: Tensor) => y.mul(t), y0, [0, 1], {
        solver: reversibleHeun,
        controller: constant({ dt: 0.125 }),
        adjoint,
        saves: { own: saveAt({ ts: [0.3, 0.5, 1] }) },
      }).saves.own.y.sum();
    const [back, through] = [reversible(), discretize()].map((adjoint) =>
      grad((y0: Tensor) => undone(y0, adjoint))(f64(1)).itemSync(),
    );
    close([back!], [through!], 1e-12);
  });

  test("is the same of `solve`, and where the host looks on", async () => {
    const saves = { all: saveAt({ every: 2 }), own: saveAt({ ts: [0.3, 1.5] }) };
    const plain = odeint(swing, f64([1, 0]), [0, 1, 2], { saves }).saves;
    for (const { saves: other } of [
      await solve(swing, f64([1, 0]), [0, 1, 2], { saves }),
      odeint(swing, f64([1, 0]), [0, 1, 2], { saves, onStep: () => undefined }),
    ])
      for (const name of ["all", "own"] as const) {
        expect(numbers(other[name].y)).toEqual(numbers(plain[name].y));
        expect(numbers(other[name].t)).toEqual(numbers(plain[name].t));
      }
  });

  test("may be of delayed and controlled equations, and beside integrals", () => {
    const past = ddeint((_t, _y, [x]) => x!.neg(), f64(1), f64(1), [0, 2], {
      delays: 1,
      saves: { own: saveAt({ ts: [0.5] }) },
    });
    close(past.saves.own.y, [0.5], 1e-7);
    const path = linearPath([0, 1, 2], f64([[0], [3], [1]]));
    const along = cdeint((_t, y: Tensor) => y.mul(0).add(1).reshape([1, 1]), path, f64([0]), [0, 2], {
      saves: { own: saveAt({ ts: [0.5, 2] }) },
    });
    close(along.saves.own.y, [1.5, 1], 1e-9);
    const both = cdeint(
      (_t, y: Tensor) => y.mul(0).add(1).reshape([1, 1]),
      linearPath(
        [0, 1, 2],
        f64([
          [[0], [3], [1]],
          [[0], [1], [2]],
        ]),
      ),
      f64([[0], [5]]),
      [0, 2],
      { batch: "independent", saves: { own: saveAt({ ts: [0.5, 2] }), steps: saveAt({ every: 1, capacity: 32 }) } },
    ).saves;
    close(both.own.y, [1.5, 5.5, 1, 7], 1e-9);
    expect([both.own.y.shape, both.steps.t.shape, both.steps.count.shape]).toEqual([[2, 2, 1], [32, 2], [2]]);
    const cost = quadrature((_t, y: Tensor) => y.mul(y))(decay, f64(1), [0, 1], {
      rtol: 1e-9,
      saves: { own: saveAt({ ts: [0.5], of: (_t, y) => y.mul(2) }), plain: saveAt({ ts: [0.5] }) },
    });
    close(cost.saves.own.y, [2 * Math.exp(-0.5)], 1e-7);
    close(cost.saves.plain.y, [Math.exp(-0.5)], 1e-7);
  });

  test("keeps its types where they are not known", () => {
    const given: Record<string, Save<Tensor, undefined, undefined>> = { a: saveAt({ ts: [0.5] }) };
    const { saves } = odeint(decay, tensor(1), [0, 1], { saves: given });
    expectTypeOf(saves["a"]!.y).toEqualTypeOf<Tensor>();
    expect(saves["a"]!.y.dtype).toBe("float32");
    const any: Saves<Tensor, undefined> = { b: saveAt({ every: 1, of: (_t, y) => [y, y] }) };
    const found = odeint(decay, tensor(1), [0, 1], { saves: any }).saves;
    expectTypeOf(found["b"]!).toEqualTypeOf<SaveRecord<Tree>>();
    expect(found["b"]!.y).toHaveLength(2);
    const none: Tree = odeint(decay, tensor(1), [0, 1]).saves;
    expect(none).toEqual({});
  });
});
