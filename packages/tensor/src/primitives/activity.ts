import { isFloat } from "../dtype";
import type { Tape } from "../tape";

/** Which values of a tape can change, infinitesimally, when the marked inputs do. */
export function activity(tape: Tape, inputs: readonly boolean[]): boolean[] {
  const active = new Array<boolean>(tape.avals.length).fill(false);
  tape.inputs.forEach((id, k) => (active[id] = (inputs[k] ?? false) && isFloat(tape.avals[id]!.dtype)));
  for (const { op, ins, outs } of tape.nodes)
    if (!op.constant && ins.some((id) => active[id]))
      for (const id of outs) active[id] = isFloat(tape.avals[id]!.dtype);
  return active;
}

/**
 * Which carries of a loop change when the marked inputs of its body do: a carry is active if it starts so, or becomes so on the way.
 * @param inputs marks for all inputs of `body`; marks of carries (`first` to `first + count`) are grown until nothing changes
 */
export function carryActivity(body: Tape, inputs: readonly boolean[], first: number, count: number): boolean[] {
  const marks = [...inputs];
  for (;;) {
    const active = activity(body, marks);
    let grown = false;
    for (let j = 0; j < count; j++) if (!marks[first + j] && active[body.outputs[j]!]) grown = marks[first + j] = true;
    if (!grown) return marks;
  }
}
