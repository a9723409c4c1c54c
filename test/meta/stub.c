/* Against a library built without CUDA: every function of the backend says -ENOSYS, and the rest works. */
#include <errno.h>
#include <stdio.h>

#include <libvmaf_cuda.h>

static int bad;

static void expect(int got, int want, const char *what)
{
    if (got == want) return;
    printf("%s: %d, not %d\n", what, got, want);
    bad = 1;
}

int main(void)
{
    const VmafConfiguration cfg = {VMAF_LOG_LEVEL_NONE, 0, 0, 0, 0};
    const VmafCudaConfiguration cuda_cfg = {0};
    const VmafCudaPictureConfiguration pictures = {{64, 48, 8, VMAF_PIX_FMT_YUV420P},
                                                   VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST};
    VmafContext *vmaf;
    VmafCudaState *state = (VmafCudaState *)&cuda_cfg;
    VmafPicture pic;
    expect(vmaf_init(&vmaf, cfg), 0, "init");
    expect(vmaf_cuda_state_init(&state, cuda_cfg), -ENOSYS, "state_init");
    expect(state != NULL, 0, "the state after a failed init");
    expect(vmaf_cuda_import_state(vmaf, state), -ENOSYS, "import_state");
    expect(vmaf_cuda_preallocate_pictures(vmaf, pictures), -ENOSYS, "preallocate_pictures");
    expect(vmaf_cuda_fetch_preallocated_picture(vmaf, &pic), -ENOSYS, "fetch_preallocated_picture");
    expect(vmaf_cuda_state_free(NULL), 0, "state_free of NULL");
    expect(vmaf_cuda_state_free((VmafCudaState *)&pic), -ENOSYS, "state_free");
    expect(vmaf_close(vmaf), 0, "close");
    return bad;
}
