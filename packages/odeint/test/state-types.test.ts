import { tensor, type Tensor } from "@dzdt/tensor";
import { expect, expectTypeOf, test } from "vitest";
import { ddeint, event, integrator, odeint, solve } from "../src/index";

interface Pendulum {
  readonly angle: Tensor;
  readonly speed: Tensor;
}

interface Nested {
  inner: Pendulum;
  list: Tensor[];
}

const y0: Pendulum = { angle: tensor(1), speed: tensor(0) };
const field = (_t: Tensor, { angle, speed }: Pendulum): Pendulum => ({ angle: speed, speed: angle.sin().neg() });

test("a state may be typed by an interface", async () => {
  const { ys } = odeint(field, y0, [0, 1], { onStep: ({ y }) => expectTypeOf(y.angle).toEqualTypeOf<Tensor>() });
  expectTypeOf(ys.angle).toEqualTypeOf<Tensor>();
  // @ts-expect-error there is no such leaf
  expect(ys.torque).toBeUndefined();
  const nested: Nested = { inner: y0, list: [tensor(1)] };
  const deep = odeint((t, { inner, list }: Nested): Nested => ({ inner: field(t, inner), list }), nested, [0, 1]);
  expectTypeOf(deep.ys.inner.speed).toEqualTypeOf<Tensor>();
  expect(deep.ys.inner.angle.dataSync()[1]).toBeCloseTo(ys.angle.dataSync()[1]!, 3);
  const delayed = ddeint(
    (t, y: Pendulum) => field(t, y),
    () => y0,
    y0,
    [0, 1],
    { delays: 5 },
  );
  expectTypeOf(delayed.ys.speed).toEqualTypeOf<Tensor>();
  expectTypeOf((await solve(field, y0, [0, 1])).ys.speed).toEqualTypeOf<Tensor>();
  expectTypeOf(integrator(field, y0, 0).step().y.speed).toEqualTypeOf<Tensor>();
});

test("and by whatever else is a tree", () => {
  const decay = event((_t, y: Tensor) => y.sub(0.5));
  expectTypeOf(odeint((_t, y: Tensor) => y.neg(), tensor(1), [0, 1], { events: [decay] }).ys).toEqualTypeOf<Tensor>();
  expectTypeOf(odeint((_t, [y]: readonly [Tensor]) => [y.neg()], [1] as const, [0, 1]).ys[0]).toEqualTypeOf<Tensor>();
  // @ts-expect-error text is no state
  expect(() => odeint((_t, y) => y, { name: "text" }, [0, 1])).toThrow();
});
