import type { Aval } from "../primitive";
import { sizeOf } from "../shape";
import type { Node } from "../tape";
import {
  type Address,
  addressOf,
  copyBytes,
  int,
  memoryAt,
  readAt,
  readSlot,
  type Site,
  writeAt,
  writeSlot,
} from "./addressing";
import {
  hasRow,
  isDynamic,
  type LoopAttributes,
  type LoopInputs,
  type LoopOutputs,
  splitInputs,
  splitOutputs,
} from "./control";
import type { Value } from "./emitter";
import { readTop, writeTop } from "./heap";
import { literalsOf } from "./literals";
import type { Lowering } from "./lower";
import type { MachineEmitter } from "./machine";
import type { Place, Plan } from "./plan";
import { clear, countOf, type Gathered, gather, growRows, openRows, rowsAt } from "./rows";

/** A value in memory. */
interface Stored {
  readonly aval: Aval;
  readonly place: Place;
}

/** A loop that is about to run: its carries hold what they start from, its results have room. */
export interface OpenLoop {
  readonly a: LoopAttributes;
  readonly given: LoopInputs<Stored>;
  readonly outs: LoopOutputs<Stored>;
  readonly each: readonly Gathered[];
  /** Bytes from one iteration's dynamic rows to the next one's. */
  readonly stride: number;
  /** The most iterations there can be. */
  readonly bound: Value;
  readonly scratch: readonly number[];
}

/** Sets up what a loop reads and writes. @param rows rows of unknown number, too */
export function openLoop(lowering: Lowering, site: Site, plan: Plan, node: Node, rows = true): OpenLoop {
  const a = node.attributes as unknown as LoopAttributes;
  const { ins, scratch } = lowering.materialize(site, plan, node);
  const given = splitInputs(a, ins);
  const outs = splitOutputs(
    a,
    node.outs.map((id) => ({ aval: plan.tape.avals[id]!, place: plan.places[id]! })),
    "loop",
  );
  outs.carries.forEach(({ aval, place }, j) => lowering.copy(site, aval, place, given.carries[j]!.place));
  const { each, stride: apart } = gather(a, outs.ys);
  const stride = isDynamic(a) ? apart : 0;
  for (const y of outs.ys) if (!y.aval.dynamic) clear(site, y.aval, y.place, hasRow(a) || a.length === 0);
  const bound = a.counted ? countOf(site, given.count[0]!.place, a.length) : int(site.k, a.length);
  if (isDynamic(a) && rows) openRows(site, each, stride, bound, a.counted && !a.condition);
  return { a, given, outs, each, stride, bound, scratch };
}

/**
 * A loop inside the machine. Its carries live in the loop's own results: the body reads them there, and they are replaced at the end of each
 * iteration. The body is a function of its own, so that engines optimise it while the loop runs.
 */
export function lowerLoop(lowering: Lowering, site: Site, plan: Plan, node: Node): void {
  const { k } = site;
  const { a, given, outs, each, stride, bound, scratch } = openLoop(lowering, site, plan, node);
  const [counter, ...swap] = scratch;
  const [body, condition] = plan.inner.get(node)!;
  writeSlot(site, counter!, bound);

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
    writeAt(site, "int32", index, i);
    given.xs.forEach(({ aval, place }, j) => {
      const from = rowsAt(site, aval, place, a.length)(i);
      writeSlot(site, (rows[j] as { slot: number }).slot, k.add(from.base, int(k, from.offset)));
    });
    if (stride && a.condition) growRows(site, each, stride);
    const top = readTop(site);
    lowering.outline(site, "body", (inner) => lowering.emitPlan(inner, body!));
    storeResults(lowering, site, a, body!, outs, swap, i);
    writeTop(site, top);
    done.set(k.add(done.get(), int(k, 1)));
  });
  for (const { aval, place } of outs.steps) writeAt(site, aval.dtype, place, done.get());
}

function readBool(site: Site, { tape, places }: Plan, id: number): Value {
  const place = places[id];
  return place ? readAt(site, "bool", place) : site.k.literal("bool", literalsOf(tape).get(id)!);
}

/** Moves what an iteration computed to where it belongs: rows first, as they may be the carries that are about to change. */
function storeResults(
  lowering: Lowering,
  site: Site,
  a: LoopAttributes,
  body: Plan,
  outs: LoopOutputs<Stored>,
  swap: readonly number[],
  i: Value,
): void {
  const results: { aval: Aval; place: Place | undefined; literal: number }[] = [];
  lowering.outputs(body, (aval, place, literal) => results.push({ aval, place, literal }));
  const own = splitOutputs(a, results, "body");
  own.ys.forEach((y, j) => {
    const { aval, place } = outs.ys[j]!;
    if (a.ys[j] === "each") {
      put(site, y, rowsAt(site, aval, place, a.length)(i));
    } else storeRow(site, a, y, own.row[0]!, aval, place);
  });
  // What another carry was waits in working memory, as that may be replaced before it is read.
  const places = new Set(outs.carries.map(({ place }) => place));
  const moves = own.carries.flatMap((c, j) => {
    const to = outs.carries[j]!.place;
    return c.place === to ? [] : [{ c, to, waits: c.place !== undefined && places.has(c.place), swap: swap[j]! }];
  });
  for (const { c, waits, swap } of moves) if (waits) put(site, c, { base: site.frame, offset: swap });
  for (const { c, to, waits, swap } of moves)
    if (!waits) put(site, c, addressOf(site, to));
    else copyBytes(site, addressOf(site, to), { base: site.frame, offset: swap }, c.aval.dtype, sizeOf(c.aval.shape));
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
  const rowSize = sizeOf(y.aval.shape);
  const lanes = Math.max(a.lanes, 1);
  const laneSize = rowSize / lanes;
  const addresses = [place, y.place, row.place].map((each) => each && addressOf(site, each));
  const elements = (k: MachineEmitter, lane: Value, count: number, position: (e: Value) => Value): void => {
    const [target, value, at] = [aval, y.aval, row.aval].map((each, j) => {
      const address = addresses[j];
      return address && memoryAt({ k }, each, address);
    });
    const wanted = at ? at.load(lane) : int(k, row.literal);
    const fits = k.and(k.lessEqual(int(k, 0), wanted), k.less(wanted, int(k, a.rows)));
    k.if(fits, () =>
      k.loop(count, (e) => {
        const from = position(e);
        target!.store(
          k.add(k.mul(wanted, int(k, rowSize)), from),
          value ? value.load(from) : k.literal(y.aval.dtype, y.literal),
        );
      }),
    );
  };
  const { k } = site;
  // Bools may share a word, which only one may write.
  if (k.share && aval.dtype !== "bool")
    k.share(rowSize, (own, at) => elements(own, own.div(at, int(own, laneSize)), 1, () => at));
  else k.loop(lanes, (lane) => elements(k, lane, laneSize, (e) => k.add(k.mul(lane, int(k, laneSize)), e)));
}
