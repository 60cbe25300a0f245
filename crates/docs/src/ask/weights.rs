//! What the features of a section, and the signs that there is an answer, count. Made by `assets/vectors/rank.py`.

/// How much likelier a section is by one more of each feature, as a logarithm.
pub(crate) const WEIGHTS: &[f32] = &[
    5.103,  // Text
    -2.471, // Missing
    -3.979, // Context
    0.634,  // Heading
    0.365,  // HeadingHeld
    -0.040, // HeadingMeant
    0.901,  // Passage
    -0.818, // PassageHeld
    4.768,  // PassageMeant
    0.035,  // Coverage
    0.079,  // WayAlike
    2.535,  // WayMeant
    -0.026, // WayNear
    0.675,  // WayAlikeNext
    3.400,  // WayMeantNext
    1.213,  // WayNearNext
    4.509,  // WayNearThird
    4.825,  // WaysGathered
    5.087,  // Pairs
    4.850,  // Triples
    4.954,  // AskedPairs
    1.756,  // AskedTriples
    2.848,  // Named
    14.124, // Explained
    13.084, // FromPage
    -1.530, // Reference
    -5.334, // Settings
    -1.323, // Releases
    -0.639, // Glossary
    0.286,  // CommandLine
    -0.962, // Trouble
    -1.567, // List
    -0.104, // AskedVerdict
    -0.812, // AskedOther
    -0.192, // Sample
    1.519,  // Figure
    0.300,  // RankNear
    0.342,  // RankMeant
    1.252,  // RankWords
];

/// How much likelier it is that there is an answer, by one more of each sign, as a logarithm.
pub(crate) const SURE: &[f32] =
    &[4.319, 4.425, -1.282, -5.367, 0.274, 0.725, 5.601, 2.298, -1.575, 7.423, -17.112, 3.641, -0.370, -3.626];
