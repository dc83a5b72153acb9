import { byteSize } from "../dtype";
import { invariant } from "../errors";
import type { Aval } from "../primitive";
import { sizeOf } from "../shape";
import type { Node } from "../tape";
import {
  type Address,
  addressOf,
  copyBytes,
  int,
  memoryAt,
  readSlot,
  rowSlots,
  type Site,
  writeSlot,
} from "./addressing";
import { hasRow, isDynamic, type LoopAttributes, splitInputs, splitOutputs } from "./control";
import type { Value } from "./emitter";
import { readTop, takeBytes, writeTop } from "./heap";
import type { Lowering } from "./lower";
import type { Place, Plan } from "./plan";

/** A result of a loop that gathers rows. */
interface Gathered {
  readonly aval: Aval;
  readonly place: Place;
  readonly rowBytes: number;
  /** Dynamic rows of all gathered results of a loop lie side by side; this one's begin here. */
  readonly within: number;
}

/**
 * A loop inside the machine. Its carries live in the loop's own results: the body reads them there, and they are replaced at the end of each
 * iteration. The body is a function of its own, so that engines optimise it while the loop runs.
 */
export function lowerLoop(lowering: Lowering, site: Site, plan: Plan, node: Node): void {
  const { k } = site;
  const a = node.attributes as unknown as LoopAttributes;
  const { ins, scratch } = lowering.materialize(site, plan, node);
  const [counter, ...swap] = scratch;
  const [body, condition] = plan.inner.get(node)!;
  const given = splitInputs(a, ins);
  const outs = splitOutputs(
    a,
    node.outs.map((id) => ({ aval: plan.tape.avals[id]!, place: plan.places[id]! })),
    "loop",
  );
  outs.carries.forEach(({ aval, place }, j) => lowering.copy(site, aval, place, given.carries[j]!.place));
  const each = gather(a, outs.ys, "each");
  const stride = isDynamic(a) ? each.reduce((sum, y) => sum + y.rowBytes, 0) : 0;
  for (const y of outs.ys) if (!y.aval.dynamic) clear(site, y.aval, y.place, hasRow(a) || a.length === 0);

  const bound = a.counted ? countOf(site, given.count[0]!.place, a.length) : int(k, a.length);
  writeSlot(site, counter!, bound);
  if (isDynamic(a)) each.forEach((y, j) => openRows(site, y, j === 0, stride, bound, a.counted));

  const [indexId, ...bodyInputs] = body!.tape.inputs;
  const index = body!.places[indexId!]!;
  const rows = splitInputs({ ...a, counted: false }, bodyInputs).xs.map((id) => body!.places[id]!);
  const done = k.variable(int(k, 0));
  const proceed = (): Value => {
    const within = k.less(done.get(), readSlot(site, counter!));
    if (!condition) return within;
    // Asked only while within the bound, though a condition has no effects and could be asked once more.
    const answer = k.variable(k.literal("bool", 0));
    k.if(within, () => {
      lowering.outline(site, "while", (inner) => lowering.emitPlan(inner, condition));
      const [result] = condition.tape.outputs;
      answer.set(readBool(site, condition, result!));
    });
    return answer.get();
  };
  k.while(proceed, () => {
    const i = a.reverse ? k.sub(k.sub(readSlot(site, counter!), done.get()), int(k, 1)) : done.get();
    storeIndex(site, index, i);
    given.xs.forEach(({ aval, place }, j) => {
      const from = rowAddress(site, aval, place, i, a.length);
      writeSlot(site, (rows[j] as { slot: number }).slot, k.add(from.base, int(k, from.offset)));
    });
    if (stride && a.condition) growRows(site, each, stride);
    const top = readTop(site);
    lowering.outline(site, "body", (inner) => lowering.emitPlan(inner, body!));
    storeResults(lowering, site, a, body!, outs, each, swap, i);
    writeTop(site, top);
    done.set(k.add(done.get(), int(k, 1)));
  });
  for (const { aval, place } of outs.steps) {
    const { base, offset } = addressOf(site, place);
    k.store(aval.dtype, base, offset, done.get());
  }
}

/** The results that gather rows of one kind, with the bytes of a row. */
function gather(a: LoopAttributes, ys: readonly { aval: Aval; place: Place }[], kind: "each" | "row"): Gathered[] {
  let within = 0;
  return ys.flatMap(({ aval, place }, k) => {
    if (a.ys[k] !== kind) return [];
    const bytes = sizeOf(aval.shape.slice(1)) * byteSize(aval.dtype);
    const rowBytes = aval.dynamic ? Math.ceil(bytes / 16) * 16 : bytes;
    const result = { aval, place, rowBytes, within };
    within += rowBytes;
    return [result];
  });
}

/** Rows that nothing may write are zero. */
function clear(site: Site, aval: Aval, place: Place, needed: boolean): void {
  if (!needed) return;
  const { base, offset } = addressOf(site, place);
  const bytes = sizeOf(aval.shape) * byteSize(aval.dtype);
  if (bytes > 0) site.k.fill(site.k.add(base, int(site.k, offset)), 0, int(site.k, bytes));
}

function countOf(site: Site, place: Place, length: number): Value {
  const { base, offset } = addressOf(site, place);
  const { k } = site;
  return k.max(k.min(k.load("int32", base, offset), int(k, length)), int(k, 0));
}

/** Sets up the slots of a dynamic result: all rows at once where their number is known, none yet where it is not. The first has the region. */
function openRows(site: Site, y: Gathered, first: boolean, stride: number, bound: Value, counted: boolean): void {
  const { k } = site;
  invariant(y.place.kind === "rows", "dynamic results are rows");
  const slots = rowSlots(y.place.slot);
  // The product below would begin again at 0 past 4 GiB.
  const most = stride > 0 ? Math.floor(2 ** 32 / stride) - 1 : Infinity;
  if (first && counted && most < 2 ** 31) k.if(k.less(int(k, most), bound), () => k.trap());
  if (first) writeSlot(site, slots.address, counted ? takeBytes(site, k.mul(bound, int(k, stride))) : readTop(site));
  writeSlot(site, slots.stride, int(k, stride));
  writeSlot(site, slots.rows, counted ? bound : int(k, 0));
}

/** Makes room for the rows of one more iteration. */
function growRows(site: Site, each: readonly Gathered[], stride: number): void {
  const { k } = site;
  takeBytes(site, int(k, stride));
  for (const { place } of each) {
    const { rows } = rowSlots((place as { slot: number }).slot);
    writeSlot(site, rows, k.add(readSlot(site, rows), int(k, 1)));
  }
}

/** The address of row i of a value. */
function rowAddress(site: Site, aval: Aval, place: Place, i: Value, length: number): Address {
  const { k } = site;
  if (place.kind === "rows") {
    const slots = rowSlots(place.slot);
    return { base: k.add(readSlot(site, slots.address), k.mul(i, readSlot(site, slots.stride))), offset: 0 };
  }
  const { base, offset } = addressOf(site, place);
  const bytes = length === 0 ? 0 : (sizeOf(aval.shape) / length) * byteSize(aval.dtype);
  return { base: k.add(base, k.mul(i, int(k, bytes))), offset };
}

function storeIndex(site: Site, place: Place, i: Value): void {
  const { base, offset } = addressOf(site, place);
  site.k.store("int32", base, offset, i);
}

function readBool(site: Site, plan: Plan, id: number): Value {
  const place = plan.places[id];
  if (!place) return site.k.literal("bool", plan.tape.literals.find((x) => x.id === id)!.value);
  const { base, offset } = addressOf(site, place);
  return site.k.load("bool", base, offset);
}

/** Moves what an iteration computed to where it belongs: rows first, as they may be the carries that are about to change. */
function storeResults(
  lowering: Lowering,
  site: Site,
  a: LoopAttributes,
  body: Plan,
  outs: ReturnType<typeof splitOutputs<{ aval: Aval; place: Place }>>,
  each: readonly Gathered[],
  swap: readonly number[],
  i: Value,
): void {
  const results: { aval: Aval; place: Place | undefined; literal: number }[] = [];
  lowering.outputs(body, (aval, place, literal) => results.push({ aval, place, literal }));
  const own = splitOutputs(a, results, "body");
  let nextEach = 0;
  own.ys.forEach((y, j) => {
    const { aval, place } = outs.ys[j]!;
    if (a.ys[j] === "each") {
      const { within } = each[nextEach++]!;
      const first = each[0]!;
      // Dynamic rows share one region, addressed by the first result's slots.
      const to = rowAddress(site, aval, aval.dynamic ? first.place : place, i, a.length);
      if (aval.dynamic) writeAlias(site, first, place, within);
      put(site, y, { base: to.base, offset: to.offset + (aval.dynamic ? within : 0) });
    } else storeRow(site, a, y, own.row[0]!, aval, place);
  });
  own.carries.forEach((c, j) => put(site, c, addressOf(site, { kind: "frame", offset: swap[j]! })));
  own.carries.forEach((c, j) => {
    const to = outs.carries[j]!;
    copyBytes(
      site,
      addressOf(site, to.place),
      { base: site.frame, offset: swap[j]! },
      c.aval.dtype,
      sizeOf(c.aval.shape),
    );
  });
}

/** Keeps the slots of a dynamic result that shares the first one's rows in step with it. */
function writeAlias(site: Site, first: Gathered, place: Place, within: number): void {
  if (place === first.place) return;
  const { k } = site;
  const from = rowSlots((first.place as { slot: number }).slot);
  const to = rowSlots((place as { slot: number }).slot);
  writeSlot(site, to.address, k.add(readSlot(site, from.address), int(k, within)));
}

function put(site: Site, value: { aval: Aval; place: Place | undefined; literal: number }, to: Address): void {
  const { aval, place, literal } = value;
  if (place) copyBytes(site, to, addressOf(site, place), aval.dtype, sizeOf(aval.shape));
  else site.k.store(aval.dtype, to.base, to.offset, site.k.literal(aval.dtype, literal));
}

/** Writes a row where the body wants it, for each lane. */
function storeRow(
  site: Site,
  a: LoopAttributes,
  y: { aval: Aval; place: Place | undefined; literal: number },
  row: { aval: Aval; place: Place | undefined; literal: number },
  aval: Aval,
  place: Place,
): void {
  const { k } = site;
  const target = memoryAt(site, aval, addressOf(site, place));
  const rowSize = sizeOf(y.aval.shape);
  const lanes = Math.max(a.lanes, 1);
  const laneSize = rowSize / lanes;
  const value = y.place && memoryAt(site, y.aval, addressOf(site, y.place));
  const at = row.place && memoryAt(site, row.aval, addressOf(site, row.place));
  k.loop(lanes, (lane) => {
    const wanted = at ? at.load(lane) : int(k, row.literal);
    const fits = k.and(k.lessEqual(int(k, 0), wanted), k.less(wanted, int(k, a.rows)));
    k.if(fits, () =>
      k.loop(laneSize, (e) => {
        const from = k.add(k.mul(lane, int(k, laneSize)), e);
        target.store(
          k.add(k.mul(wanted, int(k, rowSize)), from),
          value ? value.load(from) : k.literal(y.aval.dtype, y.literal),
        );
      }),
    );
  });
}
