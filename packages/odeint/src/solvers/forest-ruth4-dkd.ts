import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Forest–Ruth drift first (`forestRuth` kicks first): order 4, three forces per step.
 * Forest and Ruth 1990, doi:10.1016/0167-2789(90)90019-L; Candy and Rozmus 1991, doi:10.1016/0021-9991(91)90299-Z.
 */
export const forestRuth4Dkd: SymplecticSolver = symplecticSplitting({
  name: "forestRuth4Dkd",
  order: 4,
  sequence: [
    ["drift", 0.6756035959798288],
    ["kick", 1.3512071919596575],
    ["drift", -0.17560359597982883],
    ["kick", -1.7024143839193153],
    ["drift", -0.17560359597982883],
    ["kick", 1.3512071919596575],
    ["drift", 0.6756035959798288],
  ],
  reference: "Forest and Ruth 1990, doi:10.1016/0167-2789(90)90019-L",
});
