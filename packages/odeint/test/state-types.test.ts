import { tensor, type Tensor } from "@dzdt/tensor";
import { expect, expectTypeOf, test } from "vitest";
import { ddeint, event, integrator, odeint, quadrature, solve } from "../src/index";

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
  const still = ddeint((t, y: Pendulum) => field(t, y), y0, y0, [0, 1], { delays: 5 });
  expectTypeOf(still.ys.angle).toEqualTypeOf<Tensor>();
  expect(still.ys.angle.dataSync()).toEqual(delayed.ys.angle.dataSync());
  expectTypeOf((await solve(field, y0, [0, 1])).ys.speed).toEqualTypeOf<Tensor>();
  expectTypeOf(integrator(field, y0, 0).step().y.speed).toEqualTypeOf<Tensor>();
});

test("also where a cost is integrated along", () => {
  const cost = quadrature((_t, { angle, speed }: Pendulum) => angle.cos().neg().add(speed.square().mul(0.5)));
  const { ys, integral, at, integralAt } = cost(field, y0, [0, 1], { rtol: 1e-5, atol: 1e-6 });
  expectTypeOf(ys.speed).toEqualTypeOf<Tensor>();
  expectTypeOf(at(0.5).angle).toEqualTypeOf<Tensor>();
  // The energy.
  expect(integral.dataSync()[1]).toBeCloseTo(-Math.cos(1), 4);
  expect(integralAt(0.5).dataSync()[0]).toBeCloseTo(-Math.cos(1) / 2, 4);
  // @ts-expect-error there is no such leaf
  expect(ys.torque).toBeUndefined();
  const damped = (t: Tensor, y: Pendulum, rate: Tensor): Pendulum => {
    const { angle, speed } = field(t, y);
    return { angle, speed: speed.sub(y.speed.mul(rate)) };
  };
  const lost = quadrature((_t, { speed }: Pendulum, rate: Tensor) => ({ heat: speed.square().mul(rate) }));
  expect(Object.keys(lost(damped, y0, [0, 1], { args: tensor(0.1) }).integral)).toEqual(["heat"]);
});

test("and by whatever else is a tree", () => {
  const decay = event((_t, y: Tensor) => y.sub(0.5));
  expectTypeOf(odeint((_t, y: Tensor) => y.neg(), tensor(1), [0, 1], { events: [decay] }).ys).toEqualTypeOf<Tensor>();
  expectTypeOf(odeint((_t, [y]: readonly [Tensor]) => [y.neg()], [1] as const, [0, 1]).ys[0]).toEqualTypeOf<Tensor>();
  // @ts-expect-error text is no state
  expect(() => odeint((_t, y) => y, { name: "text" }, [0, 1])).toThrow();
});
