import { stopGradient, type Tensor, where, zerosLike } from "@dzdt/tensor";
import { flow } from "./flow";
import type { Solver } from "./solver";
import type { Method } from "./step";

/** Do steps of a solver need that? Explicit Runge–Kutta methods and splittings multiply by the length alone. */
export const isRestless = ({ kind }: Solver): boolean => kind !== "explicit" && kind !== "symplectic";

/**
 * A method whose steps may be of no length, as where times are equal that are known only when a program runs: implicit equations divide by the length.
 * A step of none leaves the state as it is, with the derivatives by time that the field gives it.
 * @param goesOn steps follow such a step: they begin anew, but for methods whose steps can be undone
 */
export function resting(method: Method, goesOn: boolean): Method {
  const { undo } = method;
  return {
    ...method,
    ...(undo && {
      undo: (t, tNext, h, y, memory) => {
        const { still, length } = lengthOf(t, h);
        const before = undo(t, tNext, length, y, memory);
        return {
          y: before.y.map((x, k) => where(still, y[k]!, x)),
          memory: before.memory.map((x, k) => where(still, memory[k]!, x)),
        };
      },
    }),
    attempt: (t, tNext, h, y, memory) => {
      const { still, length } = lengthOf(t, h);
      const tried = method.attempt(t, tNext, length, y, memory);
      const ends = flow((...at) => method.slope(...at, memory), t, tNext, y);
      const begun = goesOn ? goneOn(tNext, ends, t, y, memory) : memory;
      const { choice, failure, longest, lands, ...rest } = tried;
      return {
        ...rest,
        y: tried.y.map((x, k) => where(still, ends[k]!, x)),
        memory: tried.memory.map((x, k) => where(still, begun[k]!, x)),
        errors: tried.errors.map((error) => error.map((x) => where(still, zerosLike(x), x))),
        ...(choice && { choice: { ratio: where(still, 0, choice.ratio), factor: where(still, 1, choice.factor) } }),
        ...(failure && { failure: { ...failure, when: failure.when.and(still.not()) } }),
        ...(longest && { longest }),
        ...(lands && { lands: { ...lands, when: lands.when.and(still.not()) } }),
      };
    },
  };

  /** What is carried where the state is the same, at a time that moves apart. */
  function goneOn(
    tNext: Tensor,
    ends: readonly Tensor[],
    t: Tensor,
    y: readonly Tensor[],
    memory: readonly Tensor[],
  ): readonly Tensor[] {
    const begun = method.restart?.(tNext, ends, memory) ?? method.begin(tNext, ends);
    if (!undo) return begun;
    // Its numbers stay, so that the step can be undone.
    const before = method.begin(t, y);
    return memory.map((x, k) => x.add(begun[k]!.sub(before[k]!)));
  }
}

/** Is a step of no length? Then it is tried with some short one, of which nothing is taken. */
function lengthOf(t: Tensor, h: Tensor): { readonly still: Tensor; readonly length: Tensor } {
  const still = stopGradient(h).equal(0);
  const short = stopGradient(t)
    .abs()
    .maximum(1)
    .mul(t.dtype === "float32" ? 2 ** -12 : 2 ** -30);
  return { still, length: where(still, short, h) };
}
