import {
  cond,
  compile,
  dtypes,
  fori,
  isFloat,
  ops,
  sameShape,
  scan,
  type Shape,
  tensor,
  type Tensor,
  whileLoop,
} from "@dzdt/tensor";

/** One step of a random program: an operation on values that are there, chosen by number. Steps that do not fit are passed over. */
export interface Step {
  readonly op: string;
  readonly picks: readonly number[];
  readonly n: number;
  readonly body: readonly Step[];
}
/** What a step sees: values by number. */
export interface Scope {
  readonly values: Tensor[];
  readonly step: Step;
  at(k: number): Tensor;
  axis(x: Tensor, k?: number): number;
  /** Runs the body with other values in front of those there are. @param alone without those there are */
  run(own: readonly Tensor[], alone?: boolean): Tensor[];
}
/** Gives the values that a step adds. */
export type Operation = (s: Scope) => Tensor | readonly Tensor[];

const { cast, where, any, less, reshape, broadcastTo, sum } = ops;
const float = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, "float32"));
const number = (x: Tensor): Tensor => (x.dtype === "bool" ? cast(x, "int32") : x);
const bool = (x: Tensor): Tensor => cast(x, "bool");
const fits = (from: Shape, to: Shape): boolean =>
  from.length <= to.length && from.every((n, j) => n === 1 || n === to[to.length - from.length + j]);
/** Brought to another value's type; itself when it has it. */
function like(x: Tensor, to: Tensor): Tensor {
  const typed = x.dtype === to.dtype && !x.weak ? x : cast(x, to.dtype);
  if (sameShape(typed.shape, to.shape)) return typed;
  return broadcastTo(fits(typed.shape, to.shape) ? typed : cast(sum(number(typed)), to.dtype), to.shape);
}
const pair = (s: Scope, as: (x: Tensor) => Tensor): [Tensor, Tensor] => {
  const a = as(s.at(0));
  const b = as(s.at(1));
  return [a, fits(b.shape, a.shape) || fits(a.shape, b.shape) ? cast(b, a.dtype) : like(b, a)];
};
const binary =
  (f: (x: Tensor, y: Tensor) => Tensor, as = number): Operation =>
  (s) =>
    f(...pair(s, as));
const unary =
  (f: (x: Tensor) => Tensor, as = number): Operation =>
  (s) =>
    f(as(s.at(0)));
const whole = (x: Tensor): Tensor => ops.clip(ops.round(float(x)), -4, 4);
/** A product of small whole numbers, which is exact in any order. Whether a sum of zeros is −0 is not settled. */
const product = (x: Tensor, y: Tensor): Tensor => ops.add(ops.matmul(x, y), 0);
const index = (x: Tensor): Tensor => cast(ops.clip(float(x), -9, 9), "int32");
/** Elements from `start` up to `limit` along an axis. */
const cut = (x: Tensor, axis: number, start: number, limit: number): Tensor =>
  ops.slice(
    x,
    x.shape.map((_, a) => (a === axis ? start : 0)),
    x.shape.map((n, a) => (a === axis ? limit : n)),
  );
const predicate = (x: Tensor): Tensor => any(bool(x));

/** Next carries: chosen among what the body has, so that carries are handed on, exchanged, or replaced by constants. */
const nextOf = (s: Scope, carries: readonly Tensor[], found: readonly Tensor[]): Tensor[] =>
  carries.map((c, j) => like(found[(s.step.picks[j + 2]! + found.length - 1) % found.length]!, c));

/** Operations whose results are the same bits however they are computed. */
export const exactOperations: Readonly<Record<string, Operation>> = {
  neg: unary(ops.neg),
  abs: unary(ops.abs),
  sign: unary(ops.sign),
  floor: unary(ops.floor),
  round: unary(ops.round, float),
  relu: unary(ops.relu),
  square: unary(ops.square),
  sqrt: unary((x) => ops.sqrt(ops.abs(x)), float),
  isNaN: unary(ops.isNaN),
  not: unary(ops.not, bool),
  half: unary((x) => ops.mul(x, 0.5), float),
  plusOne: unary((x) => ops.add(x, 1)),
  twice: unary((x) => ops.add(x, x)),
  cast: (s) => cast(s.at(0), dtypes[s.step.n % 5]!),
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div, float),
  mod: binary(ops.mod),
  maximum: binary(ops.maximum),
  minimum: binary(ops.minimum),
  less: binary(ops.less),
  equal: binary(ops.equal),
  and: binary(ops.and, bool),
  or: binary(ops.or, bool),
  where: (s) => {
    const [a, b] = pair(s, (x) => x);
    const p = bool(s.at(2));
    return where(fits(p.shape, a.shape) ? p : any(p), a, b);
  },
  sum: (s) => ops.sum(number(s.at(0)), s.axis(s.at(0)), { keepDims: s.step.n % 2 === 0 }),
  sumAll: (s) => ops.sum(number(s.at(0))),
  mean: (s) => ops.mean(s.at(0), s.axis(s.at(0))),
  max: (s) => ops.max(s.at(0), s.axis(s.at(0)), { keepDims: s.step.n % 2 === 0 }),
  min: (s) => ops.min(s.at(0), s.axis(s.at(0))),
  prod: (s) => ops.prod(number(s.at(0)), s.axis(s.at(0))),
  argmax: (s) => ops.argmax(number(s.at(0)), s.axis(s.at(0))),
  any: (s) => ops.any(bool(s.at(0)), s.axis(s.at(0))),
  cumsum: (s) => ops.cumsum(number(s.at(0)), s.axis(s.at(0))),
  cumprod: (s) => ops.cumprod(number(s.at(0)), s.axis(s.at(0))),
  sort: (s) => ops.sort(number(s.at(0)), s.axis(s.at(0))),
  argsort: (s) => ops.argsort(number(s.at(0)), s.axis(s.at(0))),
  flip: (s) => ops.flip(s.at(0), s.axis(s.at(0))),
  transpose: (s) => ops.transpose(s.at(0)),
  flat: (s) => reshape(s.at(0), [-1]),
  column: (s) => reshape(s.at(0), [s.at(0).size, 1]),
  newAxis: (s) => ops.expandDims(s.at(0), 0),
  squeeze: (s) => ops.squeeze(s.at(0)),
  repeat: (s) => broadcastTo(s.at(0), [(s.step.n % 3) + 1, ...s.at(0).shape]),
  tile: (s) => ops.tile(s.at(0), 2),
  concat: (s) => {
    const [a, b] = [s.at(0), s.at(1)];
    return ops.concat([a, cast(b, a.dtype), a], s.axis(a));
  },
  stack: (s) => ops.stack([s.at(0), like(s.at(1), s.at(0))], s.step.n % (s.at(0).ndim + 1)),
  tail: (s) =>
    cut(s.at(0), s.axis(s.at(0)), Math.min(1, s.at(0).shape[s.axis(s.at(0))]!), s.at(0).shape[s.axis(s.at(0))]!),
  everySecond: (s) =>
    ops.slice(
      s.at(0),
      s.at(0).shape.map(() => 0),
      s.at(0).shape,
      s.at(0).shape.map(() => 2),
    ),
  none: (s) => cut(s.at(0), s.axis(s.at(0)), 0, 0),
  pad: (s) =>
    ops.pad(
      s.at(0),
      s.at(0).shape.map((_, a): [number, number] => [s.step.picks[a % 3]! % 3, s.step.n % 2]),
    ),
  take: (s) => ops.take(s.at(0), index(s.at(1)), s.axis(s.at(0))),
  scatterAdd: (s) => {
    const x = number(s.at(0));
    const at = reshape(index(s.at(1)), [-1]);
    return ops.scatterAdd(x, at, like(s.at(2), broadcastTo(sum(x), [at.size, ...x.shape.slice(1)])), 0);
  },
  dynamicSlice: (s) => {
    const x = s.at(0);
    const axis = s.axis(x);
    return ops.dynamicSlice(x, index(sum(number(s.at(1)))), Math.ceil(x.shape[axis]! / 2), axis);
  },
  dynamicUpdate: (s) => {
    const x = s.at(0);
    const axis = s.axis(x);
    const part = cut(x, axis, 0, Math.min(1, x.shape[axis]!));
    return ops.dynamicUpdate(x, index(sum(number(s.at(1)))), like(s.at(2), part), axis);
  },
  matmul: (s) => product(whole(s.at(0)), cast(whole(s.at(1)), whole(s.at(0)).dtype)),
  outer: (s) => product(reshape(whole(s.at(0)), [-1, 1]), cast(reshape(whole(s.at(1)), [1, -1]), float(s.at(0)).dtype)),
  gram: (s) => product(ops.transpose(reshape(whole(s.at(0)), [-1, 2])), reshape(whole(s.at(0)), [-1, 2])),
  fori: (s) => {
    const init = [s.at(0), s.at(1)];
    return fori(s.step.n % 4, (i, c: Tensor[]) => nextOf(s, c, s.run([...c, i])), init);
  },
  scan: (s) => {
    const [init, xs] = [[s.at(0), s.at(1)], s.at(2)];
    const [last, ys] = scan(
      (c: Tensor[], x: Tensor) => {
        const found = s.run([...c, x]);
        return [nextOf(s, c, found), [found.at(-1)!, x, c[0]!, found[s.step.n % found.length]!]];
      },
      init,
      xs,
      { reverse: s.step.n % 2 === 1 },
    );
    return [...last, ...ys];
  },
  while: (s) => {
    const init = [
      ops.mul(cast(s.at(0), "int32"), 0).size ? tensor(0, { dtype: "int32" }) : tensor(0, { dtype: "int32" }),
      s.at(0),
      s.at(1),
    ];
    const limit = index(sum(number(s.at(2))));
    return whileLoop(
      (c: Tensor[]) => less(c[0]!, limit),
      (c: Tensor[]) => [ops.add(c[0]!, 1), ...nextOf(s, c.slice(1), s.run(c))],
      init,
      { maxSteps: s.step.n % 6 },
    );
  },
  cond: (s) =>
    cond(
      predicate(s.at(2)),
      (a: Tensor, b: Tensor) => [like(s.run([a, b]).at(-1)!, a), b],
      (a: Tensor, b: Tensor) => [a, like(s.run([b, a])[s.step.n % s.values.length]!, b)],
      s.at(0),
      s.at(1),
    ),
  compiled: (s) => compile((a: Tensor, b: Tensor) => [s.run([a, b]).at(-1)!, b, s.run([a]).at(-1)!])(s.at(0), s.at(1)),
  twiceCalled: (s) => {
    const f = compile((a: Tensor) => s.run([a]).at(-1)!);
    return [f(s.at(0)), f(like(f(s.at(1)), s.at(0))), f(s.at(0))];
  },
};

const pickSmooth = (...names: string[]): Record<string, Operation> =>
  Object.fromEntries(names.map((name) => [name, exactOperations[name]!]));

/** Operations with derivatives of every order, bounded so that programs stay in range. */
export const smoothOperations: Readonly<Record<string, Operation>> = {
  ...pickSmooth(
    ...[
      "neg",
      "half",
      "plusOne",
      "twice",
      "add",
      "sub",
      "sum",
      "sumAll",
      "cumsum",
      "flip",
      "transpose",
      "flat",
      "column",
      "newAxis",
    ],
    ...[
      "squeeze",
      "repeat",
      "tile",
      "concat",
      "stack",
      "tail",
      "everySecond",
      "none",
      "pad",
      "take",
      "scatterAdd",
      "dynamicSlice",
      "dynamicUpdate",
    ],
    ...["fori", "scan", "cond", "compiled", "twiceCalled"],
  ),
  tanh: unary(ops.tanh),
  sin: unary(ops.sin),
  square: unary((x) => ops.tanh(ops.square(x))),
  mul: binary((x, y) => ops.sin(ops.mul(x, y))),
  div: binary((x, y) => ops.div(x, ops.add(ops.square(y), 1))),
  exp: unary((x) => ops.exp(ops.sin(x))),
  logsumexp: (s) => ops.tanh(ops.logsumexp(ops.tanh(s.at(0)), s.axis(s.at(0)))),
  prod: (s) => ops.prod(ops.tanh(s.at(0)), s.axis(s.at(0))),
  cumprod: (s) => ops.cumprod(ops.tanh(s.at(0)), s.axis(s.at(0))),
  matmul: (s) => ops.matmul(ops.tanh(s.at(0)), ops.tanh(s.at(1))),
  outer: (s) => ops.matmul(reshape(ops.sin(s.at(0)), [-1, 1]), reshape(s.at(1), [1, -1])),
  gram: (s) => ops.tanh(ops.matmul(ops.transpose(reshape(s.at(0), [-1, 2])), reshape(s.at(0), [-1, 2]))),
  where: (s) => where(fits([], s.at(0).shape) ? tensor(s.step.n % 2 === 0) : tensor(true), ...pair(s, number)),
  // The number of steps depends on no input, or derivatives would jump.
  while: (s) => {
    const init = [tensor(0, { dtype: "int32" }), s.at(0), s.at(1)];
    const limit = tensor(s.step.picks[0]! % 4, { dtype: "int32" });
    return whileLoop(
      (c: Tensor[]) => less(c[0]!, limit),
      (c: Tensor[]) => [ops.add(c[0]!, 1), ...nextOf(s, c.slice(1), s.run(c.slice(1)))],
      init,
      { maxSteps: s.step.n % 6 },
    ).slice(1);
  },
  cond: (s) =>
    cond(
      tensor(s.step.n % 2 === 0),
      (a: Tensor, b: Tensor) => [like(s.run([a, b]).at(-1)!, a), b],
      (a: Tensor, b: Tensor) => [a, like(s.run([b, a]).at(-1)!, b)],
      s.at(0),
      s.at(1),
    ),
  take: (s) =>
    ops.take(
      s.at(0),
      tensor(
        s.step.picks.map((p) => p % 3),
        { dtype: "int32" },
      ),
      s.axis(s.at(0)),
    ),
  scatterAdd: (s) => {
    const x = s.at(0);
    return ops.scatterAdd(x, [0, s.step.n % 2, 0], like(s.at(1), broadcastTo(sum(x), [3, ...x.shape.slice(1)])), 0);
  },
  dynamicSlice: (s) =>
    ops.dynamicSlice(s.at(0), s.step.n % 4, Math.ceil(s.at(0).shape[s.axis(s.at(0))]! / 2), s.axis(s.at(0))),
  dynamicUpdate: (s) => {
    const [x, axis] = [s.at(0), s.axis(s.at(0))];
    return ops.dynamicUpdate(x, s.step.n % 3, like(s.at(1), cut(x, axis, 0, Math.min(1, x.shape[axis]!))), axis);
  },
};
