import { argmin, broadcastTo, cast, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { exactly, type FineTime, since } from "./fine-time";
import { nearness } from "./jumps";
import { numbers, type Stepping } from "./problem";
import { placesOf } from "./rows";
import type { Method } from "./step";

/** Places for times that are to be visited: for the ends of rejected steps, and for what attempts of the method found, of which the latest matters. */
export function noVisits(stepping: Stepping, t0: Tensor, method: Pick<Method, "lands">): readonly Tensor[] {
  if (stepping.kind !== "adaptive") return [];
  const { storeRejected } = stepping.controller;
  const places = [...(storeRejected ? [storeRejected] : []), ...(method.lands ? [1] : [])];
  return places.map((kept) => broadcastTo(numbers(t0).real(Infinity), [kept]));
}

/**
 * The places after an attempt up to `tried`, from `now`.
 * @param rejected whether it was rejected
 */
export function visitsAfter(
  visits: Tensor,
  now: FineTime,
  tried: FineTime,
  rejected: Tensor,
): { readonly visits: Tensor; readonly full: Tensor } {
  const end = stopGradient(tried.t);
  const forwards = stopGradient(since(tried, now).sign());
  const ahead = stopGradient(since(exactly(visits), now)).mul(forwards);
  const waiting = ahead.greater(nearness(now.t)).and(ahead.less(Infinity));
  const known = visits.equal(end).any();
  const place = argmin(cast(waiting, "int32"), 0);
  const here = placesOf(place, visits.size).equal(place);
  const keep = rejected.and(known.not());
  return { visits: where(keep.and(here), end, visits), full: keep.and(waiting.all()) };
}
