//! Information measures of joint tables, log-weights and histograms: the twins of `shaders/information`.

mod counts;
mod kept_sum;
mod table;
mod weights;

pub use counts::{Edges, bin_counts};
pub use kept_sum::{KeptSum, merged_marginals};
pub use table::{RowTerms, joint_table, joint_totals, marginals};
pub use weights::{LogWeightSums, log_weight_sums, normalized_weights};

pub(crate) use table::{joint_information, power_of_two};
pub(crate) use weights::join_log_weight_sums;
