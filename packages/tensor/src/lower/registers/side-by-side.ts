import { byteSize } from "../../dtype";
import { sizeOf } from "../../shape";
import { addressOf, int } from "../addressing";
import { type SingleLoop, splitInputs } from "../control";
import type { Value } from "../emitter";
import type { OpenLoop } from "../loop";
import { countOf } from "../rows";
import { type Cell, constantAt } from "./cells";
import { evaluate, index, runLoop } from "./evaluate";
import { knownInt } from "./known";
import {
  type Group,
  type Literals,
  partCell,
  roomsFrom,
  rowType,
  storeMost,
  uniformCells,
  writePart,
} from "./lane-group";
import type { Fixed } from "./steps";

/** Independent iterations side by side. */
export function emitGroup(group: Group, { a, given, outs, scratch }: OpenLoop, literals: Literals): void {
  const { f, at, partOf } = group;
  const rows = given.xs.map((x) => partCell(group, x));
  const constants = uniformCells(group, given.constants, literals.slice(given.xs.length));
  const room = roomsFrom(group, scratch[1]!);
  const results = evaluate(f, a.body, [index(f, at), ...rows, ...constants], { iterations: Infinity, room });
  results.forEach((y, j) => writePart(group, y, partOf(outs.ys[j]!)));
}

/** Loops side by side, one for each element of a batch. */
export function emitLoops(group: Group, { a, given, outs }: OpenLoop, single: SingleLoop, literals: Literals): void {
  const { site, lanes, f, at, partOf } = group;
  const { k } = site;
  const known = splitInputs(a, literals);
  const cells = (
    values: readonly Fixed[],
    numbers: readonly (number | undefined)[],
    batched: SingleLoop["constants"],
  ): Cell[] =>
    batched.map((is, j) => (is ? partCell(group, values[j]!) : uniformCells(group, [values[j]!], [numbers[j]])[0]!));
  const rowOf = ({ aval, place }: Fixed, batched: boolean): ((i: Value) => Cell) => {
    const type = rowType(batched ? rowType(aval) : aval);
    const { base, offset } = addressOf(site, place);
    const bytes = sizeOf(type.shape) * byteSize(type.dtype);
    const first = batched ? lanes.add(base, lanes.mul(at, int(k, bytes))) : base;
    const step = knownInt(batched ? bytes * single.size : bytes);
    return (i) => constantAt(f, type, { base: f.add(first, f.mul(i, step)), offset });
  };
  const xs = given.xs.map((x, j) => rowOf(x, single.xs[j]!));
  const ys = outs.ys.map(({ aval, place }) => {
    const size = sizeOf(aval.shape.slice(2)) * byteSize(aval.dtype);
    const { base, offset } = addressOf(site, place);
    return { base: lanes.add(base, lanes.mul(at, int(k, size))), offset, step: knownInt(size * single.size) };
  });
  const [total] = given.count;
  const each = single.count === undefined ? undefined : partCell(group, given.constants[single.count]!);
  const { carries, steps } = runLoop(
    f,
    single.loop,
    {
      count: each?.read(knownInt(0)) ?? (total && countOf(site, total.place, single.loop.length)),
      carries: given.carries.slice(0, single.loop.carries).map((x) => partCell(group, x)),
      rows: (i) => xs.map((x) => x(i)),
      constants: cells(given.constants, known.constants, single.constants),
      conditionConstants: cells(given.conditionConstants, known.conditionConstants, single.conditionConstants),
      put: (y, row, element, value) => {
        const { base, offset, step } = ys[y]!;
        const to = f.add(f.add(base, f.mul(row, step)), f.mul(element, knownInt(byteSize(value.dtype))));
        f.store(value.dtype, to, offset, value);
      },
    },
    { iterations: Infinity },
  );
  // The counter of iterations, where there is one, follows the carries.
  const counted = index(f, steps);
  [...carries, counted]
    .slice(0, outs.carries.length)
    .forEach((cell, j) => writePart(group, cell, partOf(outs.carries[j]!)));
  storeMost(group, outs.steps, steps);
}
