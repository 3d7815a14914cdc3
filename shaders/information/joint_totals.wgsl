// The information measures of every joint table, in nats, from what its rows add and from its marginals.
//
// Method. LANES threads share a table: the sums of its terms and of -r ln(r/S), -c ln(c/S), double-float, over S.
// Output: three quads a table: high, then low words of (mutual information, H(row | column), H(column | row), H(row)),
// then H(column) and S, both double-float. A table without mass has S = 0, and zeros.
// Error: 2^-20 of each, in double-float 2^-42.
//!include information/table.wgsl

@group(0) @binding(1) var<storage, read> terms: array<vec4f>;
@group(0) @binding(2) var<storage, read> row_sums: array<vec4f>;
@group(0) @binding(3) var<storage, read> column_sums: array<vec4f>;
@group(0) @binding(4) var<storage, read> row_totals: array<vec4f>;
@group(0) @binding(5) var<storage, read> column_totals: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> measures: array<vec4f>;

fn entropy_term(sum: vec4f, all: vec4f) -> vec2f {
  let x = total(sum);
  if (x.x == 0.0) { return vec2f(0.0); }
  return times(x, log_share(x, all));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = params.zero;
  let table = item_of(group, groups, local);
  let live = table < params.until;
  var shared_information = vec2f(0.0);
  var given_column = vec2f(0.0);
  var given_row = vec2f(0.0);
  var of_rows = vec2f(0.0);
  var of_columns = vec2f(0.0);
  var s = vec2f(0.0);
  if (live) {
    let count = params.rows * params.blocks;
    for (var k = local % LANES; k < count; k += LANES) {
      let high = terms[2u * (table * count + k)];
      let low = terms[2u * (table * count + k) + 1u];
      shared_information = df_add(shared_information, vec2f(high.x, low.x));
      given_column = df_add(given_column, vec2f(high.y, low.y));
      given_row = df_add(given_row, vec2f(high.z, low.z));
    }
    let rows = row_totals[table];
    s = total(rows);
    for (var i = local % LANES; i < params.rows; i += LANES) {
      of_rows = df_add(of_rows, entropy_term(row_sums[table * params.rows + i], rows));
    }
    let columns = column_totals[table];
    for (var j = local % LANES; j < params.columns; j += LANES) {
      of_columns = df_add(of_columns, entropy_term(column_sums[table * params.columns + j], columns));
    }
  }
  if (LANES > 1u) {
    shared_information = sum_lanes_double(local, LANES, shared_information);
    given_column = sum_lanes_double(local, LANES, given_column);
    given_row = sum_lanes_double(local, LANES, given_row);
    of_rows = sum_lanes_double(local, LANES, of_rows);
    of_columns = sum_lanes_double(local, LANES, of_columns);
  }
  if (live && local % LANES == 0u) {
    if (s.x > 0.0) {
      shared_information = df_div(df_div(shared_information, s), s);
      given_column = df_div(given_column, s);
      given_row = df_div(given_row, s);
      of_rows = df_div(of_rows, s);
      of_columns = df_div(of_columns, s);
    }
    measures[3u * table] = vec4f(shared_information.x, given_column.x, given_row.x, of_rows.x);
    measures[3u * table + 1u] = vec4f(shared_information.y, given_column.y, given_row.y, of_rows.y);
    measures[3u * table + 2u] = vec4f(of_columns, s);
  }
}
