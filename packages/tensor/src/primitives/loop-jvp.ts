import type { Primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { carryActivity } from "./activity";
import { type LoopAttributes, splitInputs, splitOutputs } from "../lower/control";
import { counterType, pick, place, retrace, rowType, typeOf } from "./retrace";

/** One loop that carries the tangents beside the values. */
export function pushLoop(
  o: RuleOps,
  loop: Primitive<LoopAttributes>,
  ins: readonly Tensor[],
  tangents: readonly (Tensor | undefined)[],
  a: LoopAttributes,
): { outs: readonly Tensor[]; tangents: readonly (Tensor | undefined)[] } {
  const given = splitInputs(a, ins);
  const t = splitInputs(a, tangents);
  const has = (list: readonly (Tensor | undefined)[]): boolean[] => list.map((x) => x !== undefined);
  const marks = carryActivity(a.body, [false, ...has(t.carries), ...has(t.xs), ...has(t.constants)], 1, a.carries);
  const moving = marks.slice(1, 1 + a.carries);
  const movingXs = has(t.xs);
  const movingConstants = has(t.constants);
  const pushed = o.transforms.jvp(a.body, marks);
  const movedOuts = splitOutputs(a, pushed.movedOuts, "body");
  const movedYs = movedOuts.ys;

  const tangentCarries = pick(given.carries, moving).map((x, j) => pick(t.carries, moving)[j] ?? o.zerosLike(x));
  const carries = [...given.carries, ...tangentCarries];
  const xs = [...given.xs, ...(pick(t.xs, movingXs) as Tensor[])];
  const constants = [...given.constants, ...(pick(t.constants, movingConstants) as Tensor[]), ...pushed.captured];
  const types = [counterType, ...carries.map(typeOf), ...xs.map(rowType), ...constants.map(typeOf)];

  const body = retrace("loop", types, ([i, ...rest], run) => {
    const take = (count: number): Tensor[] => rest.splice(0, count);
    const [c, tc] = [take(a.carries), take(tangentCarries.length)];
    const [x, tx] = [take(a.xs), take(xs.length - a.xs)];
    const [k, tk] = [take(given.constants.length), take(movingConstants.filter(Boolean).length)];
    const results = run(pushed.tape, [i!, ...c, ...x, ...k, ...tc, ...tx, ...tk, ...rest]);
    const outs = splitOutputs(a, results.slice(0, a.body.outputs.length), "body");
    const moved = place(results.slice(a.body.outputs.length), pushed.movedOuts);
    const movedCarries = pick(moved.slice(0, a.carries), moving).map((x, j) => x ?? o.zerosLike(tc[j]!));
    const { ys } = splitOutputs(a, moved, "body");
    return [...outs.carries, ...movedCarries, ...outs.row, ...outs.ys, ...(pick(ys, movedYs) as Tensor[])];
  });

  // The condition sees the values only.
  const condition = a.condition;
  const wrapped =
    condition &&
    retrace("loop", [...carries.map(typeOf), ...given.conditionConstants.map(typeOf)], (all, run) =>
      run(condition, [...all.slice(0, a.carries), ...all.slice(carries.length)]),
    ).tape;
  const attributes: LoopAttributes = {
    ...a,
    single: undefined,
    body: body.tape,
    condition: wrapped,
    carries: carries.length,
    xs: xs.length,
    ys: [...a.ys, ...pick(a.ys, movedYs)],
  };
  const inputs = [...given.count, ...carries, ...xs, ...constants, ...body.captured, ...given.conditionConstants];
  const results = splitOutputs(attributes, o.bind(loop, inputs, attributes), "loop");
  return {
    outs: [...results.carries.slice(0, a.carries), ...results.ys.slice(0, a.ys.length), ...results.steps],
    tangents: [
      ...place(results.carries.slice(a.carries), moving),
      ...place(results.ys.slice(a.ys.length), movedYs),
      ...results.steps.map(() => undefined),
    ],
  };
}
