// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.xenstore.wire;

import java.util.Arrays;

/** {@code enum xsd_sockmsg_type} of xs_wire.h. */
public enum MessageType {
    /** {@code XS_CONTROL}. */
    CONTROL(0),
    /** {@code XS_DIRECTORY}: path NUL; the reply is child NUL child NUL ... */
    DIRECTORY(1),
    /** {@code XS_READ}: path NUL; the reply is the value, with no NUL. */
    READ(2),
    /** {@code XS_GET_PERMS}: path NUL; the reply is entry NUL entry NUL ... */
    GET_PERMS(3),
    /** {@code XS_WATCH}: path NUL token NUL. */
    WATCH(4),
    /** {@code XS_UNWATCH}: path NUL token NUL. */
    UNWATCH(5),
    /** {@code XS_TRANSACTION_START}: NUL; the reply is the transaction's number in decimal and NUL. */
    TRANSACTION_START(6),
    /** {@code XS_TRANSACTION_END}: T NUL to commit, F NUL to abort. */
    TRANSACTION_END(7),
    /** {@code XS_INTRODUCE}: domid NUL frame number NUL port NUL. */
    INTRODUCE(8),
    /** {@code XS_RELEASE}: domid NUL. */
    RELEASE(9),
    /** {@code XS_GET_DOMAIN_PATH}: domid NUL; the reply is path NUL. */
    GET_DOMAIN_PATH(10),
    /** {@code XS_WRITE}: path NUL value, with no NUL after the value. */
    WRITE(11),
    /** {@code XS_MKDIR}: path NUL. */
    MKDIR(12),
    /** {@code XS_RM}: path NUL. */
    RM(13),
    /** {@code XS_SET_PERMS}: path NUL entry NUL entry NUL ... */
    SET_PERMS(14),
    /** {@code XS_WATCH_EVENT}, from xenstored only: path NUL token NUL; its request and transaction are 0. */
    WATCH_EVENT(15),
    /** {@code XS_ERROR}, from xenstored only: an errno's name and NUL. */
    ERROR(16),
    /** {@code XS_IS_DOMAIN_INTRODUCED}: domid NUL; the reply is T NUL or F NUL. */
    IS_DOMAIN_INTRODUCED(17),
    /** {@code XS_RESUME}: domid NUL. */
    RESUME(18),
    /** {@code XS_SET_TARGET}: domid NUL domid NUL. */
    SET_TARGET(19),
    /** {@code XS_RESET_WATCHES}: NUL. 20 was XS_RESTRICT. */
    RESET_WATCHES(21),
    /** {@code XS_DIRECTORY_PART}: path NUL byte offset NUL; the reply is generation NUL child NUL ... */
    DIRECTORY_PART(22),
    /** {@code XS_INVALID}; stands for every number that is none of the others. */
    INVALID(0xffff);

    private static final MessageType[] BY_NUMBER = byNumber();

    private final int number;

    MessageType(int number) {
        this.number = number;
    }

    /** The number in the header. */
    public int number() {
        return number;
    }

    /** The type with this number, {@link #INVALID} when there is none. */
    public static MessageType of(int number) {
        return number < 0 || number >= BY_NUMBER.length ? INVALID : BY_NUMBER[number];
    }

    private static MessageType[] byNumber() {
        MessageType[] types = new MessageType[DIRECTORY_PART.number + 1];
        Arrays.fill(types, INVALID);
        for (MessageType type : values()) {
            if (type != INVALID) {
                types[type.number] = type;
            }
        }
        return types;
    }
}
