/* A multiboot program that proves that a virtual machine runs ordinary 64-bit code at speed.
 *
 * It enters long mode, counts, uses SSE2, counts in ring 3, comes back by SYSCALL and leaves through isa-debug-exit with
 * value 0x31 (QEMU exit status 99). A KVM that only emulates such guests reaches long mode but then crawls or stops.
 * Build: see probe.py.
 */
.set LOOPS, 20000000
.code32
.text
.globl _start
header: .long 0x1BADB002, 0x00010000, -(0x1BADB002 + 0x00010000)
        .long header, header, _edata, _end, _start
_start:
        cli
        mov $stack0, %esp
        /* identity map of the first GiB with 2 MiB pages that ring 3 may use */
        movl $(pdpt + 7), pml4
        movl $(pd + 7), pdpt
        mov $pd, %edi
        mov $0x87, %eax
        mov $512, %ecx
1:      mov %eax, (%edi)
        add $0x200000, %eax
        add $8, %edi
        loop 1b
        mov %cr4, %eax
        or $0x620, %eax                 /* PAE, OSFXSR, OSXMMEXCPT */
        mov %eax, %cr4
        mov $pml4, %eax
        mov %eax, %cr3
        mov $0xC0000080, %ecx           /* EFER: LME and SCE */
        rdmsr
        or $0x101, %eax
        wrmsr
        mov %cr0, %eax
        or $0x80000002, %eax            /* PG, MP */
        and $0xFFFFFFFB, %eax           /* not EM */
        mov %eax, %cr0
        lgdt gdtr
        ljmp $8, $long_mode
.code64
long_mode:
        mov $16, %ax
        mov %ax, %ss
        mov %ax, %ds
        mov %ax, %es
        mov $LOOPS, %ecx
1:      dec %ecx
        jnz 1b
        movdqa ones(%rip), %xmm0
        paddq %xmm0, %xmm0
        movq %xmm0, %rax
        cmp $2, %rax
        jne fail
        mov $0xC0000081, %ecx           /* STAR: kernel 0x08, user 0x10 + 3 (ss 0x18, cs 0x20) */
        xor %eax, %eax
        mov $0x00130008, %edx
        wrmsr
        mov $0xC0000082, %ecx           /* LSTAR */
        lea back(%rip), %rax
        xor %edx, %edx
        wrmsr
        mov $0xC0000084, %ecx           /* SFMASK */
        xor %eax, %eax
        wrmsr
        lea ring3(%rip), %rcx
        mov $0x2, %r11
        sysretq
ring3:  lea stack3(%rip), %rsp
        push %rcx
        mov $LOOPS, %ecx
1:      dec %ecx
        jnz 1b
        mov $7, %edi
        syscall
        ud2
back:   cmp $7, %edi
        jne fail
        mov $0x31, %al
        jmp leave_vm
fail:   mov $0x22, %al
leave_vm:
        mov $0xf4, %dx
        out %al, %dx
1:      hlt
        jmp 1b
.balign 16
ones:   .quad 1, 1
gdt:    .quad 0
        .quad 0x00AF9A000000FFFF        /* 08 kernel code */
        .quad 0x00CF92000000FFFF        /* 10 kernel data */
        .quad 0x00CFF2000000FFFF        /* 18 user data */
        .quad 0x00AFFA000000FFFF        /* 20 user code */
gdtr:   .word . - gdt - 1
        .long gdt
.globl _edata
_edata:
.bss
.balign 4096
pml4:   .skip 4096
pdpt:   .skip 4096
pd:     .skip 4096
        .skip 1024
stack0: .skip 1024
stack3: .skip 16
.globl _end
_end:
