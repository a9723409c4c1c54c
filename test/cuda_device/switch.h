/* Switching between the stacks of fibres: ucontext's interface as far as it is needed, but on
 * x86-64 without its two system calls a switch, which is what most of a kernel's time goes into. */
#ifndef TEST_CUDA_DEVICE_SWITCH_H
#define TEST_CUDA_DEVICE_SWITCH_H

#include <stddef.h>

#if defined(__x86_64__)

typedef struct SwContext {
    void **sp; /* the registers that calls preserve lie there, and the address to go on at */
} SwContext;

/* Leaves one context and goes on with the other. */
void sw_switch(SwContext *from, SwContext *to);
__asm__(".text\n"
        ".hidden sw_switch\n"
        ".globl sw_switch\n"
        ".type sw_switch, @function\n"
        "sw_switch:\n"
        "pushq %rbp\n"
        "pushq %rbx\n"
        "pushq %r12\n"
        "pushq %r13\n"
        "pushq %r14\n"
        "pushq %r15\n"
        "movq %rsp, (%rdi)\n"
        "movq (%rsi), %rsp\n"
        "popq %r15\n"
        "popq %r14\n"
        "popq %r13\n"
        "popq %r12\n"
        "popq %rbx\n"
        "popq %rbp\n"
        "ret\n"
        ".size sw_switch, . - sw_switch\n");

/* A context that begins with f on a stack whose end is aligned to 16. */
static inline void sw_make(SwContext *c, char *stack, size_t size, void (*f)(void))
{
    c->sp = (void **)(void *)(stack + size) - 8; /* six registers, f, and nowhere to return to */
    for (int i = 0; i < 8; i++) c->sp[i] = NULL;
    c->sp[6] = (void *)f;
}

#else
#include <ucontext.h>

typedef struct SwContext {
    ucontext_t u;
} SwContext;

static inline void sw_switch(SwContext *from, SwContext *to)
{
    swapcontext(&from->u, &to->u);
}

static inline void sw_make(SwContext *c, char *stack, size_t size, void (*f)(void))
{
    getcontext(&c->u);
    c->u.uc_stack.ss_sp = stack;
    c->u.uc_stack.ss_size = size;
    c->u.uc_link = NULL;
    makecontext(&c->u, f, 0);
}
#endif

#endif
