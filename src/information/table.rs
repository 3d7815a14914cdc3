//! Measures of joint tables.

use super::cells::by_twin;
use super::table_device::Tables;
use super::{check_weights, per_nat, rows_of};
use crate::aside::aside;
use crate::clock::Breather;
use crate::divergence::Unit;
use crate::error::{Error, Result};
use crate::gpu::{Context, Tensor};
use crate::named::named;
use crate::number::{Element, Precision};
use crate::parallel::map_rows_gently;
use crate::wait::blocking;

/// The information measures of one joint table; X are its rows, Y its columns. None is ever negative.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct JointInformation {
    /// I(X;Y).
    pub mutual_information: f64,
    /// H(X,Y).
    pub joint_entropy: f64,
    /// H(X).
    pub row_entropy: f64,
    /// H(Y).
    pub column_entropy: f64,
    /// H(X|Y).
    pub row_given_column: f64,
    /// H(Y|X).
    pub column_given_row: f64,
    /// The unit of all of these.
    pub unit: Unit,
}

/// By what mutual information is divided, to lie between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Normalization {
    /// min(H(X), H(Y)).
    Min,
    /// max(H(X), H(Y)).
    Max,
    /// (H(X) + H(Y))/2: the symmetric uncertainty.
    Arithmetic,
    /// √(H(X) H(Y)).
    Geometric,
    /// H(X,Y).
    Joint,
    /// H(X): the uncertainty coefficient of rows given columns (Theil's U).
    Rows,
    /// H(Y): the uncertainty coefficient of columns given rows.
    Columns,
}

named! {
    Normalization, "by":
    Min => "min",
    Max => "max",
    Arithmetic => "arithmetic",
    Geometric => "geometric",
    Joint => "joint",
    Rows => "rows",
    Columns => "columns",
}

impl JointInformation {
    /// From I, H(X|Y), H(Y|X), H(X), H(Y) in nats.
    pub(super) fn new(nats: [f64; 5], unit: Unit) -> JointInformation {
        let [information, row_given_column, column_given_row, rows, columns] =
            nats.map(|x| x * per_nat(unit));
        JointInformation {
            mutual_information: information,
            joint_entropy: rows + column_given_row,
            row_entropy: rows,
            column_entropy: columns,
            row_given_column,
            column_given_row,
            unit,
        }
    }

    /// H(X|Y) + H(Y|X), a metric between partitions (Meilă 2007).
    pub fn variation_of_information(&self) -> f64 {
        self.row_given_column + self.column_given_row
    }

    /// I(X;Y) over an entropy, without a unit, at most 1 but for rounding. Where that entropy is 0: 1 if X and Y are both
    /// constant, 0 if only one is.
    pub fn normalized(&self, by: Normalization) -> f64 {
        let (x, y) = (self.row_entropy, self.column_entropy);
        let entropy = match by {
            Normalization::Min => x.min(y),
            Normalization::Max => x.max(y),
            Normalization::Arithmetic => 0.5 * (x + y),
            Normalization::Geometric => x.sqrt() * y.sqrt(),
            Normalization::Joint => self.joint_entropy,
            Normalization::Rows => x,
            Normalization::Columns => y,
        };
        match (entropy > 0.0, x > 0.0 || y > 0.0) {
            (true, _) => self.mutual_information / entropy,
            (false, true) => 0.0,
            (false, false) => 1.0,
        }
    }
}

/// Measures of `tables`: one or more joint histograms of `shape` (rows, columns), row-major, one behind the other; their
/// cells are weights and need not sum to 1.
///
/// In `Single` every measure is within 1e-6 of its own size, in `Double` within 1e-12, tables next to independence
/// included: f64 cells that f32 cannot hold keep a second word in either. As far as two words do not hold a table
/// (2⁻⁴⁹ relative) its mutual information I (nats) is uncertain by 2⁻⁴⁹ √(2I); in `Single` by 2⁻⁴⁵ √(2I) on a device.
/// Tables with cells below 2⁻⁶⁵ of their sum are measured by the f64 twin wherever they are.
///
/// ```
/// # fn main() -> kantor::Result<()> {
/// use kantor::information::{Normalization, joint_information_blocking};
/// use kantor::{Context, Precision, Unit};
/// let context = Context::new_blocking()?;
/// // X is Y with probability 3/4.
/// let table = [3.0, 1.0, 1.0, 3.0];
/// let found = joint_information_blocking(&context, &table, [2, 2], Precision::Double, Unit::Bits)?;
/// let exact = 2.0 - 0.75 * (4.0f64 / 3.0).log2() - 0.25 * 4.0f64.log2() - 1.0;
/// assert!((found[0].mutual_information - exact).abs() < 1e-13);
/// assert!((found[0].normalized(Normalization::Min) - exact).abs() < 1e-13);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::InvalidInput`]: a cell that is negative or no finite number (with table and cell), a table without mass (with
/// the table), a shape that does not fit; [`Error::LimitExceeded`] for a table that does not fit a binding,
/// [`Error::PrecisionUnavailable`], [`Error::OutOfMemory`], [`Error::DeviceLost`].
pub async fn joint_information<T: Element>(
    context: &Context,
    tables: &[T],
    shape: [usize; 2],
    precision: Precision,
    unit: Unit,
) -> Result<Vec<JointInformation>> {
    aside!(context.gpu().is_none(); context, tables; joint_information_in_place(context, tables, shape, precision, unit))
}

async fn joint_information_in_place<T: Element>(
    context: &Context,
    tables: &[T],
    shape: [usize; 2],
    precision: Precision,
    unit: Unit,
) -> Result<Vec<JointInformation>> {
    let cells = cells_of(shape)?;
    let count = rows_of("tables", tables, cells)?;
    let tables_of = || tables.chunks_exact(cells);
    for (table, weights) in tables_of().enumerate() {
        check_weights("tables", table, weights)?;
    }
    let nats = match context.exact_gpu(precision)? {
        Some(gpu) => Tables::new(gpu, shape, precision)?.measure(tables).await?,
        None => {
            let table = |k: usize| by_twin(&tables[k * cells..(k + 1) * cells], shape[1]);
            map_rows_gently(&mut Breather::new(), count, table).await
        }
    };
    Ok(nats.into_iter().map(|nats| JointInformation::new(nats, unit)).collect())
}

/// [`joint_information`] of a tensor of shape tables × rows × columns, or rows × columns, which stays where it is.
/// Tables whose sums lie outside 2⁻¹⁰ to 2⁴⁰ take the way through the host.
///
/// # Errors
/// As [`joint_information`].
pub async fn joint_information_tensor(
    tables: &Tensor,
    precision: Precision,
    unit: Unit,
) -> Result<Vec<JointInformation>> {
    aside!(tables.context().gpu().is_none(); tables; joint_information_tensor_in_place(tables, precision, unit))
}

async fn joint_information_tensor_in_place(
    tables: &Tensor,
    precision: Precision,
    unit: Unit,
) -> Result<Vec<JointInformation>> {
    let (count, shape) = match *tables.shape() {
        [rows, columns] => (1, [rows, columns]),
        [count, rows, columns] => (count, [rows, columns]),
        _ => {
            let reason = format!("has shape {:?}, not tables × rows × columns", tables.shape());
            return Err(Error::invalid("tables", reason));
        }
    };
    let context = tables.context();
    if let (Some(gpu), Some(buffer)) = (context.exact_gpu(precision)?, tables.part()) {
        let device = Tables::new(gpu, shape, precision)?;
        if let Some(nats) = device.measure_buffer(buffer, count).await? {
            return Ok(nats.into_iter().map(|nats| JointInformation::new(nats, unit)).collect());
        }
    }
    joint_information(context, &tables.read().await?, shape, precision, unit).await
}

blocking! {
    joint_information => joint_information_blocking<T: Element>(
        context: &Context, tables: &[T], shape: [usize; 2], precision: Precision, unit: Unit
    ) -> Result<Vec<JointInformation>>;
    joint_information_tensor => joint_information_tensor_blocking(
        tables: &Tensor, precision: Precision, unit: Unit
    ) -> Result<Vec<JointInformation>>;
}

fn cells_of([rows, columns]: [usize; 2]) -> Result<usize> {
    match rows.checked_mul(columns) {
        Some(cells) if cells > 0 => Ok(cells),
        _ => Err(Error::invalid("shape", format!("{rows} × {columns} is no table"))),
    }
}
