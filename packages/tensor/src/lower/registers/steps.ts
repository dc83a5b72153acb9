import { byteSize, type DType } from "../../dtype";
import { invariant } from "../../errors";
import { sizeOf } from "../../shape";
import type { Node, Tape } from "../../tape";
import { type Address, addressOf, int, readSlot, rowSlots, type Site, writeAt, writeSlot } from "../addressing";
import { type LoopAttributes, splitInputs, splitOutputs } from "../control";
import type { Value } from "../emitter";
import { takeBytes, writeTop } from "../heap";
import { type OpenLoop, openLoop } from "../loop";
import { literalsOf } from "../literals";
import type { Lowering } from "../lower";
import type { Plan } from "../plan";
import { rowsAt } from "../rows";
import { type Cell, constantAt, elementsOf, held, registers, repeated } from "./cells";
import { evaluate, goesOn, index, isKept } from "./evaluate";
import { Folding } from "./folding";
import { knownInt, spelled } from "./known";
import { Measure, Unfit } from "./measure";
import { type Allowance, copyElements, mostElements } from "./places";
import { registersEnabled } from "./switch";

/** Iterations of one call. Engines swap a function for its optimised form from one call to the next, so a solve is many calls. */
const stepsPerCall = 256;

/** Longer inner loops are kept in memory, whose bodies are then in registers. */
const allowance: Allowance = { iterations: 64 };

/** The most operations of an iteration: engines take long to compile long functions. */
const longest = 3000;

/** Nanoseconds that things take, roughly: an operation, an elementary function, and a kernel apart from what it computes. */
const costs = { operation: 0.3, function: 8, kernel: 2 } as const;

/** From so many elements on, kernels in memory compute several at a time. */
const fewestVectorised = 4;

/** Can a loop's iterations run in registers, and do they run faster there than as kernels in memory? */
export function fitsSteps(a: LoopAttributes, tape: Tape, node: Node): boolean {
  let inRegisters = 0;
  let inMemory = 0;
  const costOf = ({ operations, functions, doubles }: Measure): { all: number; doubles: number } => ({
    all: costs.operation * operations + costs.function * functions,
    doubles,
  });
  const code = measured(a, tape, node, longest, (measure) => {
    let before = costOf(measure);
    return {
      ...allowance,
      written: (elements) => {
        const now = costOf(measure);
        const own = now.all - before.all;
        const wide = elements < fewestVectorised ? 1 : now.doubles > before.doubles ? 2 : 3;
        before = now;
        inRegisters += own;
        inMemory += costs.kernel + own / wide;
      },
    };
  });
  return code !== undefined && inRegisters <= inMemory;
}

/** Writes code to nowhere and gives its measure; undefined if it is longer than `most` operations or does not fit registers. */
export function attempt(most: number, write: (measure: Measure, k: Folding) => void): Measure | undefined {
  const measure = new Measure(most);
  try {
    write(measure, new Folding(measure));
    return measure;
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

/** The code of an iteration; undefined if it does not fit registers. */
export function measured(
  a: LoopAttributes,
  tape: Tape,
  node: Node,
  most: number,
  allowed: (measure: Measure, k: Folding) => Allowance,
): Measure | undefined {
  const large = a.body.inputs.slice(1, 1 + a.carries).some((id) => sizeOf(a.body.avals[id]!.shape) > mostElements);
  if (!registersEnabled() || large || (a.reverse && a.condition && a.ys.includes("each"))) return undefined;
  return attempt(most, (measure, k) => {
    const allow = allowed(measure, k);
    const base: Value = { dtype: "int32" };
    const ins = a.body.inputs.map((id): Cell => constantAt(k, a.body.avals[id]!, { base, offset: 0 }));
    const own = splitInputs({ ...a, counted: false }, ins.slice(1));
    const known = literalsOf(tape);
    const given = splitInputs(a, node.ins);
    const carries = own.carries.map(({ aval }) => {
      const unknown = (): Value => ({ dtype: aval.dtype });
      return registers(k, aval, Array.from({ length: sizeOf(aval.shape) }, unknown));
    });
    const fixed = (ids: readonly number[]): Cell[] =>
      ids.map((id) => {
        const aval = tape.avals[id]!;
        const value = known.get(id);
        return value === undefined ? constantAt(k, aval, { base, offset: 0 }) : repeated(aval, value);
      });
    if (a.condition) evaluate(k, a.condition, [...carries, ...fixed(given.conditionConstants)], allow);
    const results = evaluate(k, a.body, [ins[0]!, ...carries, ...own.xs, ...fixed(given.constants)], allow);
    for (const cell of results) copyElements(k, cell, () => undefined);
  });
}

/** A loop whose values are held in registers while it runs. Between calls of the function that runs its iterations, carries are in the loop's results. */
export function lowerSteps(lowering: Lowering, site: Site, plan: Plan, node: Node): void {
  const { k } = site;
  const loop = openLoop(lowering, site, plan, node);
  const [boundSlot, doneSlot] = loop.scratch;
  writeSlot(site, boundSlot!, loop.bound);
  writeSlot(site, doneSlot!, int(k, 0));
  const known = literalsOf(plan.tape);
  const literals = splitInputs(
    loop.a,
    node.ins.map((id) => known.get(id)),
  );
  const more = k.variable(k.literal("bool", 1));
  k.while(
    () => more.get(),
    () => {
      const before = readSlot(site, doneSlot!);
      lowering.outline(site, "steps", (inner) => emitSteps(inner, loop, literals));
      more.set(k.equal(k.sub(readSlot(site, doneSlot!), before), int(k, stepsPerCall)));
    },
  );
  for (const { aval, place } of loop.outs.steps) writeAt(site, aval.dtype, place, readSlot(site, doneSlot!));
}

/** A value in memory. */
export type Fixed = OpenLoop["given"]["constants"][number];

/** Values that an iteration only reads: numbers where they are known. */
export function fixedCells(
  k: Folding,
  site: Site,
  values: readonly Fixed[],
  numbers: readonly (number | undefined)[],
): Cell[] {
  return values.map(({ aval, place }, j) => {
    const value = numbers[j];
    return value === undefined ? constantAt(k, aval, addressOf(site, place)) : repeated(aval, value);
  });
}

function storeAt(k: Folding, { base, offset }: Address, dtype: DType, elements: readonly Value[]): void {
  elements.forEach((x, n) => k.store(dtype, base, offset + n * byteSize(dtype), x));
}

/** Writes a row where the body wants it, for each lane of a batch. */
function storeRow(k: Folding, a: LoopAttributes, y: Cell, row: Cell, at: (row: Value) => Address): void {
  const { dtype } = y.aval;
  const elements = elementsOf(y);
  const count = Math.max(a.lanes, 1);
  const each = elements.length / count;
  for (let lane = 0; lane < count; lane++) {
    const wanted = row.read(knownInt(lane));
    const fits = k.and(k.lessEqual(knownInt(0), wanted), k.less(wanted, knownInt(a.rows)));
    k.if(fits, () => {
      const { base, offset } = at(spelled(k.inner, wanted));
      const from = offset + lane * each * byteSize(dtype);
      storeAt(k, { base, offset: from }, dtype, elements.slice(lane * each, (lane + 1) * each));
    });
  }
}

/** The function that runs some iterations. */
function emitSteps(
  site: Site,
  { a, given, outs, each, stride, scratch }: OpenLoop,
  literals: ReturnType<typeof splitInputs<number | undefined>>,
): void {
  const { k } = site;
  const f = new Folding(k);
  const [boundSlot, doneSlot] = scratch;
  const begin = readSlot(site, doneSlot!);
  const bound = readSlot(site, boundSlot!);
  const end = k.min(bound, k.add(begin, int(k, stepsPerCall)));
  const growing = stride > 0 && a.condition !== undefined;
  const room = growing ? takeBytes(site, int(k, Math.min(stepsPerCall, a.length) * stride)) : undefined;

  const constants = fixedCells(f, site, given.constants, literals.constants);
  const conditionConstants = fixedCells(f, site, given.conditionConstants, literals.conditionConstants);
  const xs = given.xs.map(({ aval, place }) => ({
    aval: { dtype: aval.dtype, shape: aval.shape.slice(1) },
    at: rowsAt(site, aval, place, a.length),
  }));
  const ys = outs.ys.map(({ aval, place }, j) => rowsAt(site, aval, place, a.ys[j] === "row" ? a.rows : a.length));

  const done = k.variable(begin);
  const kept = outs.carries.map(({ aval, place }, j) =>
    isKept(a, j) ? constantAt(f, aval, addressOf(site, place)) : undefined,
  );
  const slots = outs.carries.map(({ aval, place }, j) => {
    const { base, offset } = addressOf(site, place);
    const address = (n: number): number => offset + n * byteSize(aval.dtype);
    const variables = Array.from({ length: kept[j] ? 0 : sizeOf(aval.shape) }, (_, n) =>
      k.variable(k.load(aval.dtype, base, address(n))),
    );
    return { aval, base, address, variables };
  });
  let step: Value = begin;
  let carries: Cell[] = [];
  f.while(
    () => {
      step = done.get();
      carries = slots.map(({ aval, variables }, j) => kept[j] ?? held(f, aval, variables));
      return goesOn(f, a, conditionConstants, carries, f.less(step, end), allowance);
    },
    () => {
      const i = a.reverse ? f.sub(f.sub(bound, step), knownInt(1)) : step;
      const rows = xs.map(({ aval, at }) => constantAt(f, aval, at(i)));
      const results = evaluate(f, a.body, [index(f, i), ...carries, ...rows, ...constants], allowance);
      const own = splitOutputs(a, results, "body");
      own.ys.forEach((y, j) => {
        if (a.ys[j] === "row") storeRow(f, a, y, own.row[0]!, ys[j]!);
        else storeAt(f, ys[j]!(i), y.aval.dtype, elementsOf(y));
      });
      const next = own.carries.map(elementsOf);
      const now = carries.map(elementsOf);
      slots.forEach(({ variables }, j) =>
        variables.forEach((variable, n) => {
          if (next[j]![n] !== now[j]![n]) variable.set(spelled(k, next[j]![n]!));
        }),
      );
      done.set(spelled(k, f.add(step, knownInt(1))));
    },
  );
  for (const { aval, base, address, variables } of slots)
    variables.forEach((variable, n) => k.store(aval.dtype, base, address(n), variable.get()));
  const total = done.get();
  writeSlot(site, doneSlot!, total);
  if (!room) return;
  writeTop(site, k.add(room, k.mul(k.sub(total, begin), int(k, stride))));
  for (const { place } of each) {
    invariant(place.kind === "rows", "dynamic results are rows");
    writeSlot(site, rowSlots(place.slot).rows, total);
  }
}
