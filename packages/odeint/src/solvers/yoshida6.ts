import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Yoshida's solution A of order 6, drift first, seven forces per step: of the three solutions it has the smallest steps.
 * Yoshida 1990, doi:10.1016/0375-9601(90)90092-3, table 1.
 */
export const yoshida6: SymplecticSolver = symplecticSplitting({
  name: "yoshida6",
  order: 6,
  sequence: [
    ["drift", 0.39225680523877865],
    ["kick", 0.7845136104775573],
    ["drift", 0.5100434119184577],
    ["kick", 0.23557321335935813],
    ["drift", -0.47105338540975644],
    ["kick", -1.177679984178871],
    ["drift", 0.0687531682525201],
    ["kick", 1.3151863206839112],
    ["drift", 0.0687531682525201],
    ["kick", -1.177679984178871],
    ["drift", -0.47105338540975644],
    ["kick", 0.23557321335935813],
    ["drift", 0.5100434119184577],
    ["kick", 0.7845136104775573],
    ["drift", 0.39225680523877865],
  ],
  reference: "Yoshida 1990, doi:10.1016/0375-9601(90)90092-3",
});
