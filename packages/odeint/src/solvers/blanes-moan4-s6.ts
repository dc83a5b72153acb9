import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Blanes and Moan's S6 of order 4, drift first, six forces per step, with very small error constants. Two of its weights are
 * solved again to full precision. Blanes and Moan 2002, doi:10.1016/S0377-0427(01)00492-7.
 */
export const blanesMoan4S6: SymplecticSolver = symplecticSplitting({
  name: "blanesMoan4S6",
  order: 4,
  sequence: [
    ["drift", 0.0792036964311957],
    ["kick", 0.209515106613362],
    ["drift", 0.3531729060497738],
    ["kick", -0.143851773179818],
    ["drift", -0.042065080357719525],
    ["kick", 0.434336666566456],
    ["drift", 0.2193769557535],
    ["kick", 0.434336666566456],
    ["drift", -0.042065080357719525],
    ["kick", -0.143851773179818],
    ["drift", 0.3531729060497738],
    ["kick", 0.209515106613362],
    ["drift", 0.0792036964311957],
  ],
  reference: "Blanes and Moan 2002, doi:10.1016/S0377-0427(01)00492-7",
});
