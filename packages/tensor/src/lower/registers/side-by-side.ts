import { byteSize } from "../../dtype";
import { sizeOf } from "../../shape";
import { addressOf, int } from "../addressing";
import { type SingleLoop, splitInputs } from "../control";
import type { Value } from "../emitter";
import type { OpenLoop } from "../loop";
import { countOf } from "../rows";
import { type Cell, constantAt } from "./cells";
import { evaluate, index, keepsRows, runLoop } from "./evaluate";
import { keepRows, keptRow, keptRows } from "./kept-rows";
import { knownInt } from "./known";
import {
  type Group,
  type Literals,
  ownCarries,
  partCell,
  roomsFrom,
  rowsCell,
  rowType,
  storeMost,
  uniformCells,
  writePart,
} from "./lane-group";
import type { LanesPlan } from "./lanes";
import type { KeptRows } from "./places";
import type { Fixed } from "./steps";

/** Independent iterations side by side. */
export function emitGroup(group: Group, { a, given, outs, scratch }: OpenLoop, literals: Literals): void {
  const { f, at, partOf } = group;
  const rows = given.xs.map((x) => partCell(group, x));
  const constants = uniformCells(group, given.constants, literals.slice(given.xs.length));
  const room = roomsFrom(group, scratch[1]!);
  const run = (kept?: KeptRows): void => {
    const allow = { iterations: Infinity, room, ...(kept && { kept }) };
    const results = evaluate(f, a.body, [index(f, at), ...rows, ...constants], allow);
    results.forEach((y, j) => writePart(group, y, partOf(outs.ys[j]!)));
  };
  if (!keepsRows(a.body)) return run();
  const kept = keptRows(group);
  kept.within(() => run(kept));
}

/** Loops side by side, one for each element of a batch. */
export function emitLoops(
  group: Group,
  { a, given, outs }: OpenLoop,
  single: SingleLoop,
  literals: Literals,
  rows?: LanesPlan["rows"],
): void {
  const { site, lanes, f, at, partOf } = group;
  const { k } = site;
  const known = splitInputs(a, literals);
  const cells = (
    values: readonly Fixed[],
    numbers: readonly (number | undefined)[],
    batched: SingleLoop["constants"],
  ): Cell[] =>
    batched.map((is, j) => {
      const value = values[j]!;
      if (is === "rows") return rowsCell(group, value);
      return is ? partCell(group, value) : uniformCells(group, [value], [numbers[j]])[0]!;
    });
  const rowOf = ({ aval, place }: Fixed, batched: boolean): ((i: Value) => Cell) => {
    const type = rowType(batched ? rowType(aval) : aval);
    const { base, offset } = addressOf(site, place);
    const bytes = sizeOf(type.shape) * byteSize(type.dtype);
    const first = batched ? lanes.add(base, lanes.mul(at, int(k, bytes))) : base;
    const step = knownInt(batched ? bytes * single.size : bytes);
    return (i) => constantAt(f, type, { base: f.add(first, f.mul(i, step)), offset });
  };
  const xs = given.xs.map((x, j) => {
    const kept = rows?.read[j];
    return kept ? keptRow(group, x, kept) : rowOf(x, single.xs[j]!);
  });
  const keeping = rows?.kept && keepRows(group, outs.ys, rows.kept);
  const ys = outs.ys.map(({ aval, place }) => {
    const size = sizeOf(aval.shape.slice(2)) * byteSize(aval.dtype);
    const { base, offset } = addressOf(site, place);
    return { base: lanes.add(base, lanes.mul(at, int(k, size))), offset, step: knownInt(size * single.size) };
  });
  const own = ownCarries(a, single);
  const [total] = given.count;
  const each = single.count === undefined ? undefined : partCell(group, given.constants[single.count]!);
  const { carries, steps } = runLoop(
    f,
    single.loop,
    {
      count: each?.read(knownInt(0)) ?? (total && countOf(site, total.place, single.loop.length)),
      carries: cells(given.carries, known.carries, own),
      rows: (i) => xs.map((x) => x(i)),
      constants: cells(given.constants, known.constants, single.constants),
      conditionConstants: cells(given.conditionConstants, known.conditionConstants, single.conditionConstants),
      put: (y, row, element, value) => {
        if (outs.ys[y]!.aval.dynamic) return keeping!.put(y, row, element, value);
        const { base, offset, step } = ys[y]!;
        const to = f.add(f.add(base, f.mul(row, step)), f.mul(element, knownInt(byteSize(value.dtype))));
        f.store(value.dtype, to, offset, value);
      },
      apart: true,
      ...(keeping && { begin: keeping.hold }),
    },
    { iterations: Infinity, kept: keptRows(group) },
  );
  // The counter of iterations, where there is one, follows the carries.
  const counted = index(f, steps);
  [...carries, counted].slice(0, outs.carries.length).forEach((cell, j) => {
    const to = outs.carries[j]!;
    if (own[j] === false) storeMost(group, [to], cell.read(knownInt(0)));
    else writePart(group, cell, partOf(to));
  });
  storeMost(group, outs.steps, steps);
}
