// Where am I: workgroups of a line that was folded into a two-dimensional grid
// because no dimension may exceed 65,535.

fn group_index(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}
