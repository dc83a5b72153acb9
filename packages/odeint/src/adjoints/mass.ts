import { cast, concat, linalg, matmul, sizeOf, type Tensor, transpose, zerosLike } from "@dzdt/tensor";
import { nullSpacesOf, slopeOf } from "../implicit/mass";
import { type Field, identityLike, type VectorSystem, vectorSystem } from "../implicit/vector";
import type { StateType } from "../vectorField";

/**
 * Adjoints of M dy/dt = f(t, y) with a constant M: Mᵀ dλ/dt = −(∂f/∂y)ᵀλ, and the cotangent of the state is Mᵀλ. Where M is singular, part of the equations
 * is algebraic: the state's cotangent has a part that these equations take, before λ begins with what is left of it. Of index 1: with projectors P on the
 * null space of M and Q on that of Mᵀ, P (∂f/∂y)ᵀ Q has to be regular there.
 * Reference: Cao, Li, Petzold and Serban 2003, doi:10.1137/S1064827501380630.
 */
export interface Mass {
  readonly matrix: Tensor;
  /** Mᵀ. */
  readonly transposed: Tensor;
  /** M and Mᵀ side by side, and 1 for each of the numbers that `more` has. */
  joined(more: readonly Tensor[], dtype: Tensor["dtype"]): Tensor;
  /** M beside one for each of `count` directions, as leaves `[count, …leaf]` have them. */
  repeated(count: number, dtype: Tensor["dtype"]): Tensor;
  /** dy/dt, also of what algebraic equations determine. */
  readonly slope: Field;
  /** The same for another field. */
  slopeFor(field: Field): Field;
  /** λ from a cotangent of the state, and w: parameters p of algebraic equations have the cotangent (∂f/∂p)ᵀw besides. */
  begin(
    t: Tensor,
    y: readonly Tensor[],
    cotangents: readonly Tensor[],
  ): { readonly lambda: readonly Tensor[]; readonly w: readonly Tensor[] };
  /** The cotangent of the state from λ. */
  end(lambda: readonly Tensor[]): Tensor[];
  /**
   * The directions `[count, …leaf]`, the nearest to given ones, that algebraic equations allow; M takes both to the same.
   * @param forced slopes that directions of parameters alone have
   */
  start(t: Tensor, y: readonly Tensor[], given: readonly Tensor[], forced: readonly Tensor[]): Tensor[];
}

/** To be called while tracing. */
export function massOf(matrix: Tensor, field: Field, state: StateType): Mass {
  const systemOf = (field: Field): VectorSystem => vectorSystem({ field, state, jacobian: undefined, mass: matrix });
  const system = systemOf(field);
  const { dtype, ravel, unravel, linearize } = system;
  const transposed = transpose(matrix);
  const spaces = nullSpacesOf(matrix);
  const { ofLeft, ofRight } = spaces;
  const slopeOn = (system: VectorSystem): Field => {
    const slope = slopeOf(system, spaces);
    return (t, y) => unravel(slope(t, ravel(y)));
  };
  const sizes = state.leaves.map(({ shape }) => sizeOf(shape));
  const from = sizes.map((_, k) => sizes.slice(0, k).reduce((a, b) => a + b, 0));
  const rows = (leaves: readonly Tensor[]): Tensor =>
    concat(
      leaves.map((x, k) => cast(x, dtype).reshape([x.shape[0]!, sizes[k]!])),
      1,
    );
  const leavesOf = (x: Tensor): Tensor[] =>
    state.leaves.map((leaf, k) => {
      const [count, start] = [x.shape[0]!, from[k]!];
      return cast(x.slice([0, start], [count, start + sizes[k]!]), leaf.dtype).reshape([count, ...leaf.shape]);
    });
  return {
    matrix,
    transposed,
    joined: (more, wide) => {
      const rest = more.reduce((sum, x) => sum + x.size, 0);
      return cast(blockDiagonal([matrix, transposed, ...(rest > 0 ? [identityLike(matrix, rest)] : [])]), wide);
    },
    repeated: (count, wide) => {
      const each = identityLike(matrix, count).reshape([count, 1, count, 1]);
      const block = (i: number, j: number): Tensor =>
        matrix
          .slice([from[i]!, from[j]!], [from[i]! + sizes[i]!, from[j]! + sizes[j]!])
          .reshape([1, sizes[i]!, 1, sizes[j]!])
          .mul(each)
          .reshape([count * sizes[i]!, count * sizes[j]!]);
      const all = sizes.map((_, i) =>
        concat(
          sizes.map((_, j) => block(i, j)),
          1,
        ),
      );
      return cast(blockDiagonal([matrix, concat(all, 0)]), wide);
    },
    slope: slopeOn(system),
    slopeFor: (other) => slopeOn(systemOf(other)),
    begin: (t, y, cotangents) => {
      const given = ravel(cotangents);
      const pulled = transpose(linearize(t, ravel(y)).jacobian);
      const algebraic = matmul(ofRight, pulled);
      const w = matmul(ofLeft, linalg.solve(matmul(algebraic, ofLeft).add(transposed), matmul(ofRight, given).neg()));
      const left = given.add(matmul(pulled, w));
      return { lambda: unravel(linalg.solve(transposed.add(algebraic), left)), w: unravel(w) };
    },
    end: (lambda) => unravel(matmul(transposed, ravel(lambda))),
    start: (t, y, given, forced) => {
      const { jacobian } = linearize(t, ravel(y));
      const right = matmul(matrix, transpose(rows(given))).sub(matmul(ofLeft, transpose(rows(forced))));
      return leavesOf(transpose(linalg.solve(matrix.add(matmul(ofLeft, jacobian)), right)));
    },
  };
}

/** Square matrices side by side, with 0 elsewhere. */
function blockDiagonal(blocks: readonly Tensor[]): Tensor {
  const none = (rows: number, columns: number): Tensor =>
    zerosLike(blocks[0]!).sum().reshape([1, 1]).broadcastTo([rows, columns]);
  const rows = blocks.map((block, i) =>
    concat(
      blocks.map((other, j) => (i === j ? block : none(block.shape[0]!, other.shape[0]!))),
      1,
    ),
  );
  return concat(rows, 0);
}
