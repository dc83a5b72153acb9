import { jvp } from "@dzdt/autograd";
import { Tensor, tree, type Tree } from "@dzdt/tensor";
import type { Calculus, Noise, Sde } from "./sde";

/**
 * The Stratonovich equation with the solutions of an Itô equation: drift − ½ Σⱼ (∂gⱼ) gⱼ, with the derivative by forward mode. An equation that is
 * Stratonovich already, or has additive noise, keeps its drift. For diagonal noise each component's diffusion must depend on this component only.
 * Kloeden and Platen 1992, (4.9.11), doi:10.1007/978-3-662-12616-5.
 * @example toStratonovich({ drift: (t, y) => y.mul(mu), diffusion: (t, y) => y.mul(sigma) }) // drift (mu − sigma²/2) y
 */
export const toStratonovich = <Y, A, N extends Noise = Noise>(
  sde: Sde<Y, A, Calculus, N>,
): Sde<Y, A, "stratonovich", N> => convert(sde, "stratonovich", -0.5);

/** The Itô equation with the solutions of a Stratonovich equation: drift + ½ Σⱼ (∂gⱼ) gⱼ. The inverse of {@link toStratonovich}. */
export const toIto = <Y, A, N extends Noise = Noise>(sde: Sde<Y, A, Calculus, N>): Sde<Y, A, "ito", N> =>
  convert(sde, "ito", 0.5);

function convert<Y, A, C extends Calculus, N extends Noise>(
  sde: Sde<Y, A, Calculus, N>,
  calculus: C,
  factor: number,
): Sde<Y, A, C, N> {
  if ((sde.calculus ?? "ito") === calculus) return sde as Sde<Y, A, C, N>;
  if (sde.noise === "additive") return { ...sde, calculus };
  const drift = (t: Tensor, y: Y, args: A): Tree => {
    const f = tree.flatten(sde.drift(t, y, args));
    const correction = correctionOf(sde, t, y, args);
    return tree.unflatten(
      f.structure,
      f.leaves.map((x, k) => {
        const more = correction[k]!.mul(factor);
        return x instanceof Tensor ? x.add(more) : more.add(Number(x));
      }),
    );
  };
  return { ...sde, drift, calculus };
}

/** Σⱼ (∂gⱼ) gⱼ, as leaves. */
function correctionOf<Y, A>(sde: Sde<Y, A>, t: Tensor, y: Y, args: A): Tensor[] {
  const { leaves, structure } = tree.flatten(y as Tree);
  const state = leaves as Tensor[];
  const g = (...at: Tensor[]): Tensor[] =>
    tree
      .leaves(sde.diffusion(t, tree.unflatten(structure, at), args))
      .map((x, k) => (x instanceof Tensor ? x : at[k]!.mul(0).add(Number(x))));
  const along = (direction: readonly Tensor[]): Tensor[] => jvp(g, [...state], [...direction])[1];
  const values = g(...state);
  if (sde.noise !== "general") return along(values);
  const column = (list: readonly Tensor[], j: number): Tensor[] =>
    list.map((x) => {
      const shape = x.shape.slice(0, -1);
      return x.slice([...shape.map(() => 0), j], [...shape, j + 1]).reshape(shape);
    });
  const count = values[0]!.shape.at(-1)!;
  let sum = state.map((x) => x.mul(0));
  for (let j = 0; j < count; j++) {
    const term = column(along(column(values, j)), j);
    sum = sum.map((x, k) => x.add(term[k]!));
  }
  return sum;
}
