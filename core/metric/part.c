/* Frames in parts. */
#include "metric/metric.h"

int vt_extract_whole(const VtGroup *group, void *scratch, const VtFrame *frame,
                     VtResult *const *results)
{
    uint64_t sums[VT_MAX_SUMS] = {0};
    group->metric->extract_part(group, scratch, frame, 0, 1, sums);
    return group->metric->finish(group, frame, sums, results);
}

unsigned vt_most_parts(const VtGroup *group)
{
    const unsigned n = group->metric->extract_part ? group->format.h / VT_PART_ROWS : 1;
    return n ? n : 1;
}
