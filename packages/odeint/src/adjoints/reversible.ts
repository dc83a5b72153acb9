import { isFloat, type Tensor, withinRule } from "@dzdt/tensor";
import type { Outcome, Problem } from "../problem";
import type { AdjointParts, CustomAdjoint } from "./adjoint";
import { refusedUndone } from "./failures";
import { recordSolve } from "./node";
import { passagesOf, tracedPassages } from "./passages";
import { piecesOf } from "./pieces";
import type { Way } from "./step-pulls";
import { undoKnots } from "./undo-knots";
import { undoSteps } from "./undo-steps";

/**
 * The gradients of `discretize()`, but for rounding, from steps that are undone on the way back instead of kept: memory is one state, whatever the
 * number of steps, at the price of each step once more. For solvers whose steps can be undone, with steps of one length (`constant`): all symmetric
 * splittings, such as leapfrog, the Gauss methods, tao, reversibleHeun, and any method made with makeReversible.
 *
 * Steps are undone from event to event. Of each event is kept what cannot be undone: the end of the step in which it lies, and its time. So memory
 * grows with outputs and events (`maxEvents` of each, whether they come or not).
 *
 * Steps that damp or amplify what they round cannot be undone for ever: where y0, or the state behind a reset, does not come back to half of its digits, an `AdjointError` is
 * raised. Second derivatives keep the states of the backward pass.
 * @throws TypeError when the solve is asked for with another solver, or with steps of several lengths
 * Reference: Kidger, Foster, Li and Lyons 2021, doi:10.48550/arXiv.2105.13493; McCallum and Foster 2024, doi:10.48550/arXiv.2410.11648.
 * @example odeint(oscillator, { q, p }, [0, 100], { solver: leapfrog, dt0: 0.01, adjoint: reversible() })
 */
export function reversible(): CustomAdjoint {
  return Object.freeze<CustomAdjoint>({ kind: "custom", name: "reversible", solve: undone });
}

function undone({ solver, controller, dt, raise }: AdjointParts, problem: Problem): Outcome {
  const { method, stepping, t0, y0, outputs, events } = problem;
  if (controller.kind === "constant" && controller.compensated)
    throw new TypeError(
      "reversible: steps whose sums are compensated cannot be undone; leave compensated out, or use discretize()",
    );
  if (!method.undo)
    throw new TypeError(
      `reversible: steps of ${solver.name} cannot be undone; use leapfrog or another symmetric splitting, implicitMidpoint or gauss4, reversibleHeun, makeReversible(${solver.name}), or adjoint: discretize()`,
    );
  if (stepping.kind === "adaptive")
    throw new TypeError(
      "reversible: steps of several lengths cannot be undone; give controller: constant({ dt }), or use discretize()",
    );
  const closed: Tensor[] = dt && stepping.kind === "fixed" ? [dt] : [];
  const pieces = piecesOf({ ...method, undo: method.undo }, t0, y0, closed, outputs !== undefined);
  const own = closed.length;
  const passing = events && tracedPassages(events, method, t0, y0);
  const all = [...closed, ...(passing?.closed ?? [])];
  const floats = all.map((x) => isFloat(x.dtype));
  const found = recordSolve(
    events ? { ...problem, events: { ...events, logged: true, kept: true } } : problem,
    all,
    (inputs, unflatten) => ({
      pullback: (ins, outs, cotangents, wanted) =>
        withinRule(() => {
          const marks = inputs.closed(wanted).map((want, j) => want && floats[j]!);
          const way: Way = {
            ...inputs.start(ins),
            pieces,
            closed: inputs.closed(ins).slice(0, own),
            marks: marks.slice(0, own),
            end: unflatten(outs),
            cotangents,
            maxSteps: problem.maxSteps,
            fixed: stepping.kind === "fixed",
          };
          const { results, astray } = passing ? acrossEvents() : undoSteps(way, inputs, ins, wanted, problem.timesMove);
          return refusedUndone(results, way.end.status, astray, raise);

          function acrossEvents(): ReturnType<typeof undoKnots> {
            const passages = passagesOf(passing!, inputs.closed(ins).slice(own), marks.slice(own));
            return undoKnots(way, inputs, ins, wanted, events!.triggers, passages, problem.timesMove);
          }
        }),
    }),
    true,
  );
  if (!found.events) return found;
  // Of use to the way back only.
  const { log: _log, kept: _kept, ...told } = found.events;
  return { ...found, events: told };
}
