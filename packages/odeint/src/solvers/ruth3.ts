import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Ruth's method of order 3, kick first (drift first it has order 2), three forces per step; not time-symmetric.
 * Ruth 1983, doi:10.1109/TNS.1983.4332919.
 */
export const ruth3: SymplecticSolver = symplecticSplitting({
  name: "ruth3",
  order: 3,
  sequence: [
    ["kick", 7 / 24],
    ["drift", 2 / 3],
    ["kick", 3 / 4],
    ["drift", -2 / 3],
    ["kick", -1 / 24],
    ["drift", 1],
  ],
  reference: "Ruth 1983, doi:10.1109/TNS.1983.4332919",
});
