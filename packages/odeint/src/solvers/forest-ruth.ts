import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Forest–Ruth, the triple jump of leapfrog: order 4, kick first, three forces per step. `pefrl` has smaller errors for its
 * four. Forest and Ruth 1990, doi:10.1016/0167-2789(90)90019-L; Yoshida 1990, doi:10.1016/0375-9601(90)90092-3.
 */
export const forestRuth: SymplecticSolver = symplecticSplitting({
  name: "forestRuth",
  order: 4,
  sequence: [
    ["kick", 0.6756035959798288],
    ["drift", 1.3512071919596575],
    ["kick", -0.17560359597982883],
    ["drift", -1.7024143839193153],
    ["kick", -0.17560359597982883],
    ["drift", 1.3512071919596575],
    ["kick", 0.6756035959798288],
  ],
  reference: "Forest and Ruth 1990, doi:10.1016/0167-2789(90)90019-L",
});
